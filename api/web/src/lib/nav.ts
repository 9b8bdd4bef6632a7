import type { Schemas } from '../api'

type Role = Schemas['Role']

/** An entry of the side navigation: the page, and which count stands beside it. */
export interface Entry {
  name: string
  count?: 'drafts' | 'nodes' | 'attention' | 'inquiries' | 'cards' | 'ratings' | 'complaints'
}

const desk: Entry[] = ['today', 'items', 'packages', 'cases', 'custody', 'fees', 'guides', 'service', 'records', 'files', 'accounts', 'supervision', 'verify', 'field'].map((name) => ({ name }))

const byRole: Partial<Record<Role, Entry[]>> = {
  county_operator: [
    { name: 'catalog', count: 'drafts' },
    { name: 'calendar' },
    { name: 'divisions' },
    { name: 'staff' },
    { name: 'nodes', count: 'nodes' },
    { name: 'attention', count: 'attention' },
    { name: 'backup' },
    { name: 'statistics' },
  ],
  supervisor: [
    { name: 'supervision', count: 'cards' },
    { name: 'inquiries', count: 'inquiries' },
    { name: 'samples' },
    { name: 'ratings', count: 'ratings' },
    { name: 'complaints', count: 'complaints' },
    { name: 'cases' },
    { name: 'appraisal' },
    { name: 'statistics' },
  ],
  auditor: [{ name: 'cases' }, { name: 'supervision' }, { name: 'ratings' }, { name: 'complaints' }, { name: 'samples' }, { name: 'attention', count: 'attention' }, { name: 'statistics' }, { name: 'appraisal' }],
}

// What a role has to be allowed for a page to be of use to it: one of these.
const needs: Record<string, string> = {
  today: 'case.read',
  packages: 'case.read',
  custody: 'custody.move',
  fees: 'fee.collect',
  service: 'complaint.handle',
  guides: 'guide.do',
  records: 'record.use',
  files: 'case.archive result.propose result.decide',
  accounts: 'account.open',
  field: 'case.submit',
  cases: 'case.read',
  supervision: 'card.read',
  line: 'sync.read',
  statistics: 'statistics.read',
  appraisal: 'appraisal.read',
  samples: 'sample.read',
}

/** The side navigation of somebody: what their roles do all day. Whoever leads also has the statistics. */
export function navigation(roles: readonly Role[], may: (action: string) => boolean): Entry[] {
  const own = roles.map((r) => byRole[r] ?? (r.endsWith('_leader') ? [...desk, { name: 'statistics' }, { name: 'appraisal' }] : desk))
  const seen = new Set<string>()
  return own
    .flat()
    .filter((e) => !seen.has(e.name) && seen.add(e.name))
    .filter((e) => !needs[e.name] || needs[e.name].split(' ').some(may))
}
