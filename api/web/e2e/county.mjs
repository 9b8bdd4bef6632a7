// A county of real processes for a browser to look at: made by the demo, in a
// folder and on ports of its own, and run from here, so that a test can cut a
// line or kill a node. One county serves all test files of a run (run.mjs).
import { spawn } from 'node:child_process'
import { closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { until, within } from './wait.mjs'

export const password = 'Demo-tongban-2026'

export const binary = resolve('../../bin/tongban')

// The demo takes one port after the other from its first: below those that the
// system hands out to connections.
const somePort = () => 12_000 + Math.floor(Math.random() * 18_000)

// The tests are about pages, not about disks: in memory where there is room.
function somewhere() {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    if (bavail * bsize > 4e9) return '/dev/shm'
  } catch {
    // there is none
  }
  return tmpdir()
}

/**
 * The county that run.mjs started, or else one of this test file's own:
 * `at` has the address of each node by its id. `cut` takes a node's lines to
 * those above away, `heal` brings them back; `kill` ends a node as a power cut
 * would, `start` starts it again and waits until it answers.
 */
export async function startCounty() {
  const shared = process.env.E2E_COUNTY
  if (!shared) return ownCounty()
  const ask = async (what) => {
    const answer = await within(what, fetch(shared + what, { method: 'POST' }), 200_000)
    if (!answer.ok) throw new Error(`${what}: ${await answer.text()}`)
    return answer.json()
  }
  const act = (verb) => (node) => ask(`/${verb}/${node}`)
  return { at: await ask('/at/all'), cut: act('cut'), heal: act('heal'), kill: act('kill'), start: act('start'), stop: async () => {} }
}

export async function ownCounty() {
  const dir = mkdtempSync(join(somewhere(), 'tongban-e2e-'))
  const processes = new Map()
  const lines = []
  // However this process ends, nothing of the county outlives it. A demo that was
  // stopped half-way leaves its nodes' numbers.
  const gone = () => {
    for (const p of processes.values()) p.kill('SIGKILL')
    for (const n of readdirSync(dir)) kill(join(dir, n, 'pid'))
    rmSync(dir, { recursive: true, force: true })
  }
  process.once('exit', gone)
  const stop = async () => {
    await Promise.all(Array.from(processes, ([id, p]) => ended(id, p, 'SIGTERM')))
    for (const l of lines) l.close()
    process.off('exit', gone)
    gone()
  }
  try {
    await found(dir, processes)
    const { nodes } = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'))
    const byID = new Map(nodes.map((n) => [n.id, n]))
    for (const n of nodes) for (const l of n.above ?? []) lines.push(await line(n.id, l.port, byID.get(l.to).federation))
    const said = (id) => join(dir, id + '.log')
    const start = async (id) => {
      if (processes.has(id)) return
      const log = openSync(said(id), 'a')
      const node = spawn(binary, ['serve', '--config', join(dir, id, 'node.yaml')], { stdio: ['ignore', log, log] })
      closeSync(log)
      processes.set(id, node)
      await until(`${id} to be ready`, async () => {
        if (over(node)) throw new Error(`it ended: ${readFileSync(said(id), 'utf8').slice(-2000)}`)
        return (await fetch(`http://127.0.0.1:${byID.get(id).api}/readyz`)).ok
      }, 180_000)
    }
    await Promise.all(nodes.map((n) => start(n.id)))
    return {
      at: Object.fromEntries(nodes.map((n) => [n.id, `http://127.0.0.1:${n.api}`])),
      cut: async (id) => lines.filter((l) => l.from === id).forEach((l) => l.cut()),
      heal: async (id) => lines.filter((l) => l.from === id).forEach((l) => l.heal()),
      kill: async (id) => {
        const p = processes.get(id)
        processes.delete(id)
        if (p) await ended(id, p, 'SIGKILL')
      },
      start,
      stop,
      // What the nodes said goes where the failures are kept.
      keep: (folder) => {
        mkdirSync(folder, { recursive: true })
        for (const n of nodes) copyFileSync(said(n.id), join(folder, n.id + '.log'))
      },
    }
  } catch (e) {
    await stop()
    throw e
  }
}

// The demo founds the county, imports the items, walks the main job once, and is
// ended; what it left is run from here. Ports that another program has are not
// insisted upon.
async function found(dir, processes, tries = 5) {
  const demo = spawn(binary, ['demo', '--bare', '--dir', dir, '--port', String(somePort())], { stdio: ['ignore', 'pipe', 'pipe'] })
  processes.set('demo', demo)
  let said = ''
  const code = await within('the demo to stand', new Promise((done) => {
    demo.stdout.on('data', (b) => {
      said += b
      if (said.includes('Ctrl-C stops everything')) done(undefined)
    })
    demo.stderr.on('data', (b) => (said += b))
    demo.once('exit', (c) => done(c ?? -1))
  }), 300_000).catch((e) => {
    throw new Error(`${e.message}:\n${said.slice(-4000)}`)
  })
  await ended('the demo', demo, 'SIGINT')
  processes.delete('demo')
  if (code === undefined) return
  if (tries > 1 && said.includes('is taken')) {
    rmSync(dir, { recursive: true, force: true })
    return found(dir, processes, tries - 1)
  }
  throw new Error(`the demo ended with ${code}:\n${said.slice(-4000)}`)
}

// Ends the process whose number a file holds, if there is one.
function kill(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL')
  } catch {
    // no such file, or no such process any more
  }
}

const over = (process) => process.exitCode !== null || process.signalCode !== null

// Asks a process to end, and makes it when it does not.
async function ended(what, process, signal) {
  if (over(process)) return
  const gone = new Promise((done) => process.once('exit', done))
  process.kill(signal)
  await within(`${what} to end`, gone, 30_000).catch((e) => {
    process.kill('SIGKILL')
    if (signal === 'SIGKILL') throw e
  })
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
  await within(`port ${port}`, new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', done)
  }))
  const cut = () => {
    up = false
    for (const s of open) s.destroy()
  }
  return { from, cut, heal: () => (up = true), close: () => (cut(), server.close()) }
}
