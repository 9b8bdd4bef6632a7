// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

const answers = vi.hoisted(() => ({ account: '', staff: '', ended: [] as Array<() => void>, asked: [] as string[] }))

vi.mock('../api', () => {
  const answer = (method: string) => async (path: string) => {
    answers.asked.push(`${method} ${path}`)
    if (method === 'DELETE') return {}
    if (path === '/api/v1/session') return method === 'GET' ? { staff: answers.staff } : { session: { staff: answers.staff } }
    return path === '/api/v1/my/session' && method === 'GET' ? { account: answers.account } : { account: { account: answers.account } }
  }
  return {
    api: { GET: answer('GET'), POST: answer('POST'), DELETE: answer('DELETE'), PUT: answer('PUT') },
    ask: (what: () => unknown) => what(),
    Failure: class extends Error {},
    onSessionEnded: () => undefined,
  }
})
vi.mock('../api/mine', () => ({
  askMine: (what: () => unknown) => what(),
  mayHaveVisit: () => true,
  onVisitEnded: (tell: () => void) => answers.ended.push(tell),
}))

const { useMine } = await import('./mine')
const { useSession } = await import('./session')
const gone = vi.fn()

beforeEach(() => {
  setActivePinia(createPinia())
  vi.spyOn(window.location, 'replace').mockImplementation(gone)
  vi.spyOn(window.location, 'assign').mockImplementation(gone)
  gone.mockClear()
  answers.ended.length = answers.asked.length = 0
})

async function opened(account: string) {
  answers.account = account
  const mine = useMine()
  await mine.load()
  return mine
}

describe('a login over an open page', () => {
  it('goes on with it for whoever it was of', async () => {
    const mine = await opened('one')
    answers.ended.forEach((tell) => tell())
    expect(mine.ended).toBe(true)
    await mine.login('person', '1', 'p', '')
    expect([mine.ended, mine.account?.account]).toEqual([false, 'one'])
    expect(gone).not.toHaveBeenCalled()
  })
  it('leaves nothing of it to another account', async () => {
    const mine = await opened('one')
    answers.ended.forEach((tell) => tell())
    answers.account = 'two'
    await mine.login('person', '2', 'p', '')
    expect(gone).toHaveBeenCalledWith('/my?another=1')
    // Until the page is gone it stays covered, and is never the other's.
    expect([mine.ended, mine.account?.account]).toEqual([true, 'one'])
  })
  it('that was made in another page of the browser takes this one away, too', async () => {
    const mine = await opened('one')
    answers.account = 'two'
    await mine.look()
    expect(gone).toHaveBeenCalledWith('/my?another=1')
    expect([mine.ended, mine.account?.account]).toEqual([true, 'one'])
  })
  it('of staff leaves nothing to another, either', async () => {
    answers.staff = 'one'
    const session = useSession()
    await session.load()
    session.ended = true
    answers.staff = 'two'
    await session.login('two', 'p')
    expect(gone).toHaveBeenCalledWith('/')
    expect([session.ended, session.who?.staff]).toEqual([true, 'one'])
  })
})

describe('an applicant who does nothing for long', () => {
  it('is logged out under a cover', async () => {
    const mine = await opened('one')
    await mine.lock()
    expect(answers.asked).toContain('DELETE /api/v1/my/session')
    expect([mine.ended, mine.idle, mine.account?.account]).toEqual([true, true, 'one'])
    await mine.login('person', '1', 'p', '')
    expect([mine.ended, mine.idle]).toEqual([false, false])
  })
})
