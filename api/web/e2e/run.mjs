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

const began = Date.now()
const seconds = (since = began) => Math.round((Date.now() - since) / 1000)
const minutes = 60_000
const limit = { file: 25 * minutes, whole: 45 * minutes }

const kept = mkdtempSync(join(tmpdir(), 'tongban-e2e-failed-'))
const running = new Set()
let county
const failed = []

// Whoever ends this early ends everything that it started.
process.once('exit', () => {
  for (const p of running) kill(p)
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
const long = ['operator', 'routes-county', 'routes-desk', 'reuse', 'home-joint', 'office', 'public', 'village'].map((f) => f + '.test.mjs')
const there = readdirSync('e2e').filter((f) => f.endsWith('.test.mjs')).sort()
const gone = long.filter((f) => !there.includes(f))
if (gone.length) throw new Error(`there is no ${gone}`)
const files = process.argv.slice(2).length ? process.argv.slice(2) : [...long, ...there.filter((f) => !long.includes(f))].map((f) => 'e2e/' + f)
const waiting = [...files]
try {
  county = await ownCounty()
  console.log(`the county stands after ${seconds()} s`)
  await offerPackages(county.at['county-1'])
  const control = await listen()
  const address = `http://127.0.0.1:${control.address().port}`
  const lane = async () => {
    while (waiting.length) await run(waiting.shift(), address)
  }
  await within('all browser tests', Promise.all([lane(), lane()]), limit.whole)
  control.close()
} catch (e) {
  console.error(String(e.stack ?? e))
  failed.push(...Array.from(running, (p) => p.spawnargs.at(-1)), ...waiting)
}
for (const p of running) kill(p)
try {
  if (failed.length) county?.keep(join(kept, 'nodes'))
  await county?.stop()
} catch (e) {
  console.error(String(e.stack ?? e))
}
if (readdirSync(kept).length) console.error(`what the failing tests saw: ${kept}`)
console.log(`browser tests: ${files.length} files, ${seconds()} s` + (failed.length ? `; failed: ${failed.join(' ')}` : ''))
process.exit(failed.length || !county ? 1 : 0)

// One file of tests in a process of its own, which leads a group, so that it ends
// with all that it started. What it says is printed when it is over.
async function run(file, address) {
  const since = Date.now()
  const p = spawn(process.execPath, ['--test-reporter=spec', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, E2E_COUNTY: address, E2E_KEEP: kept },
  })
  running.add(p)
  let said = ''
  for (const stream of [p.stdout, p.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const code = await within(file, new Promise((done) => p.once('close', done)), limit.file).catch((e) => {
    said += e.message
    return 1
  })
  kill(p)
  running.delete(p)
  if (code !== 0) failed.push(file)
  console.log(`${file}: ${code === 0 ? 'ok' : 'failed'}, ${seconds(since)} s\n${said}`)
}

function kill(p) {
  try {
    process.kill(-p.pid, 'SIGKILL')
  } catch {
    // it has ended, with all that it started
  }
}

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
