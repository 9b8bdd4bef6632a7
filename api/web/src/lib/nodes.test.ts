import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { above, tally, tree, trouble } from './nodes'

const now = 1_795_449_600_000
const node = (id: string, division: string, more: Partial<Schemas['Node']> = {}): Schemas['Node'] => ({ node: id, tier: 'village', division, name: id, enrolled_at: 1, expires_at: now, ...more })
const state = (id: string, more: Partial<Schemas['SyncState']> = {}): Schemas['SyncState'] => ({
  node: id, tier: 'village', division: '330523110200', name: id, lag_entries: 0, outbox_entries: 0, attachments_outstanding: 0, needs_attention: 0, line: { state: 'up' }, ...more,
})

describe('the map of nodes', () => {
  it('puts villages under their township and that under the county, also without nodes of their own', () => {
    const [county] = tree([node('v2', '330523110220'), node('v1', '330523110200')], [], (c) => c, false, now)
    expect([county.code, county.below[0].code, county.below[0].below.map((p) => p.code)]).toEqual(['330523', '330523110', ['330523110200', '330523110220']])
  })
  it('leaves out what was revoked or goes on under another id, unless all is asked for', () => {
    const nodes = [node('a', '330523', { revoked_at: 1 }), node('b', '330523', { succeeded_by: 'c' }), node('c', '330523')]
    expect(tally(tree(nodes, [], (c) => c, false, now)[0]).all).toBe(1)
    expect(tally(tree(nodes, [], (c) => c, true, now)[0]).all).toBe(3)
  })
  it('counts what is wrong below', () => {
    const places = tree([node('a', '330523110200'), node('b', '330523110200')], [state('a', { line: { state: 'down' } }), state('b')], (c) => c, false, now)
    expect(tally(places[0])).toEqual({ all: 2, bad: 1 })
  })
  it('knows what is wrong with a node', () => {
    expect(trouble(state('a'), now)).toEqual([])
    expect(trouble(state('a', { line: { state: 'unknown' }, skew_warning: true, keys_until_ms: now + 1000, needs_attention: 2 }), now)).toEqual(['silent', 'skew', 'keys'])
    expect(trouble(state('a', { revoked: true, line: { state: 'unknown' } }), now)).toEqual([])
    expect(trouble(state('a', { forked: true }), now)).toEqual(['forked'])
  })
  it('knows what lies above', () => expect(['330523110200', '330523110', '330523'].map(above)).toEqual(['330523110', '330523', '']))
})
