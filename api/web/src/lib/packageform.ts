import type { Schemas } from '../api'

/** A package as it is edited and sent. */
export interface Package {
  code: string
  name: string
  description: string
  lead_department: string
  accept_tiers: Schemas['Tier'][]
  items: string[]
  optional_items: { item: string; when: string }[]
  stages: { stage: number; parallel_items: string[] }[]
  dependencies: { item: string; after: string[]; reason: string }[]
  internal_results: { result: string; produced_by: string; satisfies_material_of: string[] }[]
  merged_materials: { material: string; submit_once_for: string[]; note: string }[]
  promised_working_days_critical_path: number
  notes: string[]
}

/** An item of the package: when in the order it comes, and whether it may be left out. */
export interface Row {
  item: string
  stage: number
  optional: boolean
  when: string
}

/** What the editor changes: the items as rows, the rest as it is sent. */
export interface Form {
  head: Pick<Package, 'code' | 'name' | 'description' | 'lead_department' | 'accept_tiers' | 'notes'>
  rows: Row[]
  dependencies: Package['dependencies']
  results: Package['internal_results']
  merged: Package['merged_materials']
}

export function newForm(code: string): Form {
  return { head: { code, name: '', description: '', lead_department: '', accept_tiers: ['county'], notes: [] }, rows: [], dependencies: [], results: [], merged: [] }
}

export function toForm(p: Partial<Package>): Form {
  const copy = JSON.parse(JSON.stringify(p)) as Partial<Package>
  return {
    head: {
      code: copy.code ?? '',
      name: copy.name ?? '',
      description: copy.description ?? '',
      lead_department: copy.lead_department ?? '',
      accept_tiers: copy.accept_tiers ?? [],
      notes: copy.notes ?? [],
    },
    rows: (copy.items ?? []).map((item) => {
      const o = (copy.optional_items ?? []).find((x) => x.item === item)
      return { item, stage: (copy.stages ?? []).find((s) => s.parallel_items.includes(item))?.stage ?? 1, optional: !!o, when: o?.when ?? '' }
    }),
    dependencies: copy.dependencies ?? [],
    results: copy.internal_results ?? [],
    merged: copy.merged_materials ?? [],
  }
}

/**
 * The form as a package: stages are numbered without gaps, the promise is the
 * longest of each stage added up, and what names an item that left is let go.
 * Within lists the order of the version before stays, so that nothing changed is
 * nothing changed.
 */
export function toPackage(f: Form, days: (item: string) => number, before: Partial<Package> = {}): Package {
  const items = f.rows.map((r) => r.item)
  const has = (item: string) => items.includes(item)
  const numbers = [...new Set(f.rows.map((r) => r.stage))].sort((a, b) => a - b)
  const inOrder = (list: string[], was: readonly string[]) => {
    const at = (x: string) => (was.includes(x) ? was.indexOf(x) : was.length)
    return [...list].sort((a, b) => at(a) - at(b))
  }
  const stagesBefore = (before.stages ?? []).flatMap((s) => s.parallel_items)
  const stages = numbers.map((n, i) => ({ stage: i + 1, parallel_items: inOrder(f.rows.filter((r) => r.stage === n).map((r) => r.item), stagesBefore) }))
  const optionalBefore = (before.optional_items ?? []).map((o) => o.item)
  const optional = inOrder(f.rows.filter((r) => r.optional).map((r) => r.item), optionalBefore)
  return {
    ...f.head,
    items,
    optional_items: optional.map((item) => ({ item, when: f.rows.find((r) => r.item === item)!.when })),
    stages,
    dependencies: f.dependencies.filter((d) => has(d.item)).map((d) => ({ ...d, after: d.after.filter(has) })),
    internal_results: f.results.filter((r) => has(r.produced_by)).map((r) => ({ ...r, satisfies_material_of: r.satisfies_material_of.filter(has) })),
    merged_materials: f.merged.map((m) => ({ ...m, submit_once_for: m.submit_once_for.filter(has) })),
    promised_working_days_critical_path: stages.reduce((sum, s) => sum + Math.max(0, ...s.parallel_items.map(days)), 0),
  }
}

/** Where in the editor a fault belongs: packages[0].dependencies[2].after is dependencies. */
export function sectionOf(path: string): 'head' | 'rows' | 'dependencies' | 'results' | 'merged' {
  const first = path.replace(/^packages\[0\]\.?/, '').split(/[.[]/)[0]
  if (first === 'dependencies') return 'dependencies'
  if (first === 'internal_results') return 'results'
  if (first === 'merged_materials') return 'merged'
  return ['items', 'optional_items', 'stages'].includes(first) ? 'rows' : 'head'
}

/** In or out of a list, keeping its order. */
export function toggled(list: readonly string[], x: string): string[] {
  return list.includes(x) ? list.filter((y) => y !== x) : [...list, x]
}

/** How many packages a file has; 0 when it is none. */
export function packagesIn(text: string): number {
  try {
    return (JSON.parse(text) as { packages?: unknown[] }).packages?.length ?? 0
  } catch {
    return 0
  }
}
