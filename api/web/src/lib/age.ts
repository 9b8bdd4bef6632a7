/** How long ago something was, in the largest unit that says it well. */
export interface Age {
  n: number
  unit: 'seconds' | 'minutes' | 'hours' | 'days'
}

export function age(ms: number): Age {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return { n: s, unit: 'seconds' }
  if (s < 3600) return { n: Math.floor(s / 60), unit: 'minutes' }
  if (s < 86_400) return { n: Math.floor(s / 3600), unit: 'hours' }
  return { n: Math.floor(s / 86_400), unit: 'days' }
}
