// Runs the browser tests against one county: node e2e/run.mjs [FILE...]
// What a failing test saw, and what the nodes said meanwhile, is kept in a
// folder that is named at the end.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownCounty } from './county.mjs'
import { offerPackages } from './program.mjs'
import { within } from './wait.mjs'

const whole = 30 * 60_000
const began = Date.now()
const seconds = () => Math.round((Date.now() - began) / 1000)

const kept = mkdtempSync(join(tmpdir(), 'tongban-e2e-failed-'))
let county, tests
let code = 1

// Whoever ends this early ends everything that it started.
const end = (signal) => {
  try {
    if (tests?.exitCode === null) process.kill(-tests.pid, signal)
  } catch {
    // it has ended
  }
}
process.once('exit', () => {
  end('SIGKILL')
  if (!readdirSync(kept).length) rmSync(kept, { recursive: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    console.error(`stopped by ${signal} after ${seconds()} s`)
    process.exit(130)
  })

// Two files at a time: each of those that disturb a node or a line has one that
// no other looks at. The longest begin first; and whoever publishes items or moves
// the county's leader is done before those who wait for the county.
const first = ['routes.test.mjs', 'operator.test.mjs']
const all = readdirSync('e2e').filter((f) => f.endsWith('.test.mjs') && !first.includes(f)).sort()
const files = process.argv.slice(2).length ? process.argv.slice(2) : [...first, ...all].map((f) => 'e2e/' + f)
try {
  county = await ownCounty()
  console.log(`the county stands after ${seconds()} s`)
  await offerPackages(county.at['county-1'])
  const control = await listen()
  // A group of its own, so that it ends with what it started.
  tests = spawn(process.execPath, ['--test', '--test-reporter=spec', '--test-concurrency=2', ...files], {
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, E2E_COUNTY: `http://127.0.0.1:${control.address().port}`, E2E_KEEP: kept },
  })
  code = await within('all browser tests', new Promise((done) => tests.once('exit', (c) => done(c ?? 1))), whole)
  control.close()
} catch (e) {
  console.error(String(e.stack ?? e))
} finally {
  end('SIGKILL')
  if (code) county?.keep(join(kept, 'nodes'))
  await county?.stop()
}
if (readdirSync(kept).length) console.error(`what the failing tests saw: ${kept}`)
console.log(`browser tests: ${seconds()} s`)
process.exit(code)

// What a test file may do to the county, which is this process's.
async function listen() {
  const server = createServer(async (request, answer) => {
    const [, verb, node] = request.url.split('/')
    try {
      if (verb === 'at') return answer.end(JSON.stringify(county.at))
      if (!['cut', 'heal', 'kill', 'start'].includes(verb) || !county.at[node]) throw new Error('no such node or verb')
      await county[verb](node)
      answer.end('{}')
    } catch (e) {
      answer.statusCode = 500
      answer.end(String(e))
    }
  })
  await within('a port', new Promise((done) => server.listen(0, '127.0.0.1', done)))
  return server
}
