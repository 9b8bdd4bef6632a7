import type { Schemas } from '../api'

type Channel = Schemas['NoticeChannel']

/** How a channel is doing; each has a word, and those in trouble say what to do. */
export type Health = 'off' | 'troubled' | 'slow' | 'well'

/** What waits this long did not get through, or waits for the quiet hours to end. */
const long = 12 * 3600_000

export function health(c: Channel, now: number): Health {
  if (!c.configured) return 'off'
  if (c.troubled_since_ms) return 'troubled'
  return c.oldest_ms && now - c.oldest_ms > long ? 'slow' : 'well'
}

/**
 * Why a message did not get there, by the code it ended with: the address is
 * wrong, the receiver refuses the message or us, or nobody could be reached.
 */
export type Cause = 'address' | 'refused' | 'gateway' | 'unreachable' | 'disk' | 'expired' | 'none'

export function cause(d: { state: string; reason?: string }): Cause {
  if (d.state === 'no_address') return 'none'
  if (d.state === 'expired') return 'expired'
  const reason = d.reason ?? ''
  const code = Number(/^(?:http|smtp)_(\d+)$/.exec(reason)?.[1] ?? 0)
  if (/^http_(400|410|413|422)$/.test(reason)) return 'address'
  if (/^smtp_/.test(reason)) return [550, 551, 553].includes(code) ? 'address' : code >= 500 ? 'refused' : 'gateway'
  if (/^http_/.test(reason)) return 'gateway'
  if (reason === 'malformed') return 'address'
  if (reason === 'file') return 'disk'
  return 'unreachable'
}

/** Whether sending it again as it is can help. */
export function again(c: Cause): boolean {
  return c !== 'none'
}
