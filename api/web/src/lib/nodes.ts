import type { Schemas } from '../api'

type State = Schemas['SyncState']
type Node = Schemas['Node']

/** What is wrong with a node, worst first; a message each. */
export type Trouble = 'forked' | 'silent' | 'lineDown' | 'problem' | 'skew' | 'keys' | 'behind'

const month = 30 * 24 * 3600_000

/**
 * A node that was revoked is no trouble: it is meant to be silent. What needs
 * attention has a page of its own and says nothing of the node.
 */
export function trouble(n: State, now = Date.now()): Trouble[] {
  if (n.revoked) return []
  const found: Trouble[] = []
  if (n.forked) found.push('forked')
  if (n.line?.state === 'unknown') found.push('silent')
  if (n.line?.state === 'down') found.push('lineDown')
  if (n.problem?.code) found.push('problem')
  if (n.skew_warning) found.push('skew')
  if (n.keys_until_ms && n.keys_until_ms - now < month) found.push('keys')
  if (n.lag_entries > 1000) found.push('behind')
  return found
}

/** A place of the map: its nodes and the places below it that have any. */
export interface Place {
  code: string
  name: string
  nodes: Member[]
  below: Place[]
}

export interface Member {
  node: Node
  state?: State
  trouble: Trouble[]
}

/**
 * The nodes as they lie in the county: townships under the county, villages
 * under their township. A place without a node is left out unless something
 * below it has one. `whole` keeps revoked nodes and those that go on under
 * another id.
 */
export function tree(nodes: Node[], states: State[], name: (code: string) => string, whole: boolean, now = Date.now()): Place[] {
  const heard = new Map(states.map((s) => [s.node, s]))
  const places = new Map<string, Place>()
  const place = (code: string): Place => {
    let p = places.get(code)
    if (!p) {
      p = { code, name: name(code), nodes: [], below: [] }
      places.set(code, p)
      const up = above(code)
      if (up) place(up).below.push(p)
    }
    return p
  }
  for (const node of nodes) {
    if (!whole && (node.revoked_at || node.succeeded_by)) continue
    const state = heard.get(node.node)
    place(node.division).nodes.push({ node, state, trouble: state ? trouble(state, now) : [] })
  }
  const sorted = (list: Place[]): Place[] => {
    list.sort((a, b) => (a.code < b.code ? -1 : 1))
    for (const p of list) {
      p.nodes.sort((a, b) => (a.node.node < b.node.node ? -1 : 1))
      sorted(p.below)
    }
    return list
  }
  return sorted([...places.values()].filter((p) => !above(p.code)))
}

/** The division above: six digits are the county, nine a township, twelve a village. */
export function above(code: string): string {
  return code.length > 9 ? code.slice(0, 9) : code.length > 6 ? code.slice(0, 6) : ''
}

/** How many nodes of a place and below are as wanted, and how many in all. */
export function tally(p: Place): { all: number; bad: number } {
  const own = { all: p.nodes.length, bad: p.nodes.filter((m) => m.trouble.length > 0).length }
  return p.below.map(tally).reduce((a, b) => ({ all: a.all + b.all, bad: a.bad + b.bad }), own)
}
