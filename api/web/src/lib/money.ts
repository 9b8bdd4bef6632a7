/** An amount in fen as people read it: 20.00. */
export function yuan(fen: number): string {
  const sign = fen < 0 ? '-' : ''
  const n = Math.abs(fen)
  return `${sign}${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`
}
