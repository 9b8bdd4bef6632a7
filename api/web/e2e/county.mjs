// A county of real processes for a browser to look at: the demo, in a folder
// and on ports of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const password = 'Demo-tongban-2026'

// The demo takes one port after the other from its first.
const freePort = () =>
  new Promise((done, fail) => {
    const s = createServer()
    s.once('error', fail)
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => done(Math.min(port, 60000)))
    })
  })

export async function startCounty() {
  const dir = mkdtempSync(join(tmpdir(), 'tongban-e2e-'))
  const demo = spawn(resolve('../../bin/tongban'), ['demo', '--dir', dir, '--port', String(await freePort())], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const ready = new Promise((done, fail) => {
    demo.stdout.on('data', (b) => {
      said += b
      if (said.includes('Ctrl-C stops everything')) done()
    })
    demo.stderr.on('data', (b) => (said += b))
    demo.once('exit', (code) => fail(new Error(`the demo ended with ${code}:\n${said.slice(-4000)}`)))
  })
  const stop = () =>
    new Promise((done) => {
      if (demo.exitCode !== null) return done()
      demo.removeAllListeners('exit')
      demo.once('exit', done)
      demo.kill('SIGINT')
    }).then(() => rmSync(dir, { recursive: true, force: true }))
  try {
    await ready
  } catch (e) {
    await stop()
    throw e
  }
  // Each node's line of the list: its id, its address, its name.
  const at = Object.fromEntries(Array.from(said.matchAll(/^ {2}((?:county|township|village)-\S+) +(http:\S+)/gm), (m) => [m[1], m[2]]))
  return { at, stop }
}
