import { expect, it } from 'vitest'
import { again, cause, health } from './notices'

const hour = 3600_000
const now = 1000 * hour
const channel = { channel: 'sms', configured: true, queued: 0, failed: 0, expired: 0 }

it.each([
  [{ configured: false, troubled_since_ms: 1 }, 'off'],
  [{ troubled_since_ms: now - hour }, 'troubled'],
  [{ oldest_ms: now - 13 * hour }, 'slow'],
  [{ oldest_ms: now - 11 * hour }, 'well'],
  [{}, 'well'],
])('a channel with %o is %s', (more, is) => expect(health({ ...channel, ...more }, now)).toBe(is))

it.each([
  ['failed', 'http_422', 'address'],
  ['failed', 'http_400', 'address'],
  ['failed', 'http_503', 'gateway'],
  ['failed', 'smtp_550', 'address'],
  ['failed', 'smtp_552', 'refused'],
  ['failed', 'smtp_421', 'gateway'],
  ['failed', 'smtp_no_auth', 'gateway'],
  ['failed', 'malformed', 'address'],
  ['failed', 'file', 'disk'],
  ['failed', 'timeout', 'unreachable'],
  ['failed', undefined, 'unreachable'],
  ['expired', 'http_503', 'expired'],
  ['no_address', undefined, 'none'],
])('%s with %s is of the %s', (state, reason, is) => expect(cause({ state, reason })).toBe(is))

it('what has no address is not sent again', () => expect([again('none'), again('address'), again('expired')]).toEqual([false, true, true]))
