import type { Schemas } from '../api'

type Role = Schemas['Role']

/** An entry of the side navigation: the page, and which count stands beside it. */
export interface Entry {
  name: string
  /** What belongs together stands behind one entry: its pages, of which `name` is the first, and what it is called then. */
  pages?: string[]
  label?: string
  count?: 'drafts' | 'nodes' | 'attention' | 'inquiries' | 'cards' | 'ratings' | 'complaints'
}

const group = (label: string, ...pages: string[]): Entry => ({ name: pages[0], pages, label })

// What a desk does all day comes first; no desk has more than eight entries.
const desk: Entry[] = [
  { name: 'today' },
  group('items', 'items', 'packages'),
  group('cases', 'cases', 'files', 'attention', 'reveals', 'seals'),
  { name: 'custody' },
  { name: 'fees' },
  group('people', 'records', 'accounts'),
  group('service', 'guides', 'service', 'supervision'),
  group('field', 'field', 'devices', 'verify'),
]
const leading = group('statistics', 'statistics', 'appraisal')

const byRole: Partial<Record<Role, Entry[]>> = {
  county_operator: [
    { name: 'catalog', count: 'drafts' },
    { name: 'calendar' },
    { name: 'divisions' },
    group('staff', 'staff', 'devices', 'seals', 'accounts'),
    { name: 'nodes', count: 'nodes' },
    { name: 'attention', count: 'attention' },
    { name: 'backup' },
    group('statistics', 'statistics', 'appraisal'),
  ],
  fee_counter: [{ name: 'fees' }, { name: 'items' }],
  supervisor: [
    { name: 'supervision', count: 'cards' },
    { name: 'inquiries', count: 'inquiries' },
    { name: 'samples' },
    { name: 'ratings', count: 'ratings' },
    { name: 'complaints', count: 'complaints' },
    group('cases', 'cases', 'reveals'),
    { name: 'appraisal' },
    { name: 'statistics' },
  ],
  auditor: [group('cases', 'cases', 'reveals'), { name: 'supervision' }, { name: 'ratings' }, { name: 'complaints' }, { name: 'samples' }, { name: 'attention', count: 'attention' }, { name: 'statistics' }, { name: 'appraisal' }],
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
  accounts: 'account.open account.disable',
  seals: 'seal.manage',
  reveals: 'reveal.read',
  attention: 'attention.read',
  field: 'case.submit',
  devices: 'device.manage',
  cases: 'case.read',
  supervision: 'card.read',
  line: 'sync.read',
  statistics: 'statistics.read',
  appraisal: 'appraisal.read',
  samples: 'sample.read',
}

/** The side navigation of somebody: what their roles do all day. Whoever leads also has the statistics. */
export function navigation(roles: readonly Role[], may: (action: string) => boolean): Entry[] {
  const own = roles.flatMap((r) => byRole[r] ?? (r.endsWith('_leader') ? [...desk, leading] : desk))
  const seen = new Set<string>()
  const useful = (page: string) => !needs[page] || needs[page].split(' ').some(may)
  return own.flatMap((e) => {
    const pages = (e.pages ?? [e.name]).filter((p) => useful(p) && !seen.has(p))
    pages.forEach((p) => seen.add(p))
    if (!pages.length) return []
    return pages.length > 1 ? [{ ...e, name: pages[0], pages }] : [{ name: pages[0], ...(e.count ? { count: e.count } : {}) }]
  })
}
