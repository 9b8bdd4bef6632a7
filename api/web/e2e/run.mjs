// Runs the browser tests against one county: node e2e/run.mjs [FILE...]
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { ownCounty } from './county.mjs'

const began = Date.now()
const county = await ownCounty()
console.log(`the county stands after ${Math.round((Date.now() - began) / 1000)} s`)

// What a test file may do to the county, which is this process's.
const control = createServer(async (request, answer) => {
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
await new Promise((done) => control.listen(0, '127.0.0.1', done))

const files = process.argv.slice(2).length ? process.argv.slice(2) : readdirSync('e2e').filter((f) => f.endsWith('.test.mjs')).sort().map((f) => 'e2e/' + f)
const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', ...files], { stdio: 'inherit', env: { ...process.env, TONGBAN_E2E: `http://127.0.0.1:${control.address().port}` } })
const stop = () => tests.kill('SIGTERM')
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
const code = await new Promise((done) => tests.once('exit', (c) => done(c ?? 1)))
control.close()
await county.stop()
console.log(`browser tests: ${Math.round((Date.now() - began) / 1000)} s`)
process.exit(code)
