import { describe, expect, it } from 'vitest'
import { asked, Failure, type Problem } from './index'

const refused = (status: number, code: string) => async () => ({ error: { type: '', title: '', status, code, detail: '', message_zh: '原话', next: '', request_id: 'r' } as Problem, response: { ok: false, status } as Response })

async function problemOf(status: number, code: string): Promise<Problem> {
  try {
    await asked(refused(status, code), async () => false, [])
  } catch (e) {
    if (e instanceof Failure) return e.problem
  }
  throw new Error('it went through')
}

describe('a question that met the end of a login', () => {
  it('says that it was not done, and to press the same button once more', async () => {
    for (const code of ['session_ended', 'unauthenticated']) {
      const p = await problemOf(401, code)
      expect([p.code, p.message_zh, p.next]).toEqual([code, expect.stringContaining('没有办理'), expect.stringContaining('再按一次')])
      expect(p.next_en).toContain('once more')
    }
  })
  it('leaves the words of everything else alone', async () => {
    for (const [status, code] of [[401, 'login_failed'], [403, 'denied'], [409, 'stale']] as const) expect((await problemOf(status, code)).message_zh).toBe('原话')
  })
})
