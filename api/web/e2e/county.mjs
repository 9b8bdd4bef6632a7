// A county of real processes for a browser to look at: made by the demo, in a
// folder and on ports of its own, and run from here, so that a test can cut a
// line or kill a node. One county serves all test files of a run (run.mjs).
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const password = 'Demo-tongban-2026'

const binary = resolve('../../bin/tongban')

// The demo takes one port after the other from its first: below those that the
// system hands out to connections.
const somePort = () => 12_000 + Math.floor(Math.random() * 18_000)

/**
 * The county that run.mjs started, or else one of this test file's own:
 * `at` has the address of each node by its id. `cut` takes a node's lines to
 * those above away, `heal` brings them back; `kill` ends a node as a power cut
 * would, `start` starts it again and waits until it answers.
 */
export async function startCounty() {
  const shared = process.env.TONGBAN_E2E
  if (!shared) return ownCounty()
  const ask = async (what) => {
    const answer = await fetch(shared + what, { method: 'POST' })
    if (!answer.ok) throw new Error(`${what}: ${await answer.text()}`)
    return answer.json()
  }
  const act = (verb) => (node) => ask(`/${verb}/${node}`)
  return { at: await ask('/at/all'), cut: act('cut'), heal: act('heal'), kill: act('kill'), start: act('start'), stop: async () => {} }
}

export async function ownCounty() {
  const dir = mkdtempSync(join(tmpdir(), 'tongban-e2e-'))
  const processes = new Map()
  const lines = []
  const stop = async () => {
    await Promise.all(Array.from(processes.values(), (p) => ended(p, 'SIGTERM')))
    for (const l of lines) l.close()
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await found(dir)
    const { nodes } = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'))
    const byID = new Map(nodes.map((n) => [n.id, n]))
    for (const n of nodes) for (const l of n.above ?? []) lines.push(await line(n.id, l.port, byID.get(l.to).federation))
    const start = async (id) => {
      if (processes.has(id)) return
      processes.set(id, spawn(binary, ['serve', '--config', join(dir, id, 'node.yaml')], { stdio: ['ignore', 'ignore', 'ignore'] }))
      await answers(`http://127.0.0.1:${byID.get(id).api}/readyz`)
    }
    await Promise.all(nodes.map((n) => start(n.id)))
    return {
      at: Object.fromEntries(nodes.map((n) => [n.id, `http://127.0.0.1:${n.api}`])),
      cut: async (id) => lines.filter((l) => l.from === id).forEach((l) => l.cut()),
      heal: async (id) => lines.filter((l) => l.from === id).forEach((l) => l.heal()),
      kill: async (id) => {
        const p = processes.get(id)
        processes.delete(id)
        if (p) await ended(p, 'SIGKILL')
      },
      start,
      stop,
    }
  } catch (e) {
    await stop()
    throw e
  }
}

// The demo founds the county, imports the items, walks the main job once, and is
// ended; what it left is run from here. Ports that another program has are not
// insisted upon.
async function found(dir, tries = 5) {
  const demo = spawn(binary, ['demo', '--dir', dir, '--port', String(somePort())], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const code = await new Promise((done) => {
    demo.stdout.on('data', (b) => {
      said += b
      if (said.includes('Ctrl-C stops everything')) done(undefined)
    })
    demo.stderr.on('data', (b) => (said += b))
    demo.once('exit', (c) => done(c ?? -1))
  })
  await ended(demo, 'SIGINT')
  if (code === undefined) return
  if (tries > 1 && said.includes('is taken')) {
    rmSync(dir, { recursive: true, force: true })
    return found(dir, tries - 1)
  }
  throw new Error(`the demo ended with ${code}:\n${said.slice(-4000)}`)
}

function ended(process, signal) {
  return new Promise((done) => {
    if (process.exitCode !== null || process.signalCode !== null) return done()
    process.once('exit', () => done())
    process.kill(signal)
  })
}

async function answers(url) {
  for (;;) {
    try {
      if ((await fetch(url)).ok) return
    } catch {
      // not yet
    }
    await new Promise((r) => setTimeout(r, 100))
  }
}

// A line between two nodes, as the demo has them: a port of its own, so that it
// can be cut.
async function line(from, port, to) {
  const open = new Set()
  let up = true
  const server = createServer((near) => {
    if (!up) return near.destroy()
    const far = connect(to, '127.0.0.1')
    for (const [a, b] of [[near, far], [far, near]]) {
      open.add(a)
      a.on('error', () => b.destroy())
      a.on('close', () => {
        open.delete(a)
        b.destroy()
      })
      a.pipe(b)
    }
  })
  await new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', done)
  })
  const cut = () => {
    up = false
    for (const s of open) s.destroy()
  }
  return { from, cut, heal: () => (up = true), close: () => (cut(), server.close()) }
}
