/** How long nobody touches a kiosk before it asks, and before it starts anew; seconds. */
export const askAfter = 45
export const startAfter = 60

/** What a kiosk does after so many idle seconds: the count down, or undefined while it is used. */
export function countdown(idleSeconds: number): number | undefined {
  return idleSeconds < askAfter ? undefined : Math.max(0, startAfter - Math.floor(idleSeconds))
}

/** The keys of the on-screen keypads. A query code has no letters that look like digits. */
export const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0']
export const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')

/** A case number as somebody types it, in the groups in which it is printed. */
export function grouped(typed: string): string {
  const d = typed.replace(/\D/g, '').slice(0, 29)
  // division (6, 9 or 12 digits) - day (8) - node (2) - counter (6) - check digit
  const tail = 17
  const at = [12, 9, 6].find((n) => d.length === n + tail)
  if (!at) return d
  const parts = [d.slice(0, at), d.slice(at, at + 8), d.slice(at + 8, at + 10), d.slice(at + 10, at + 16), d.slice(at + 16)]
  return parts.join('-')
}
