// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it } from 'vitest'
import { Failure, type Problem, type Schemas } from '../api'
import { useSession } from '../stores/session'
import { lastKnown } from './lastknown'
import { useLoad } from './load'

const hangs = new Failure({ code: 'unreachable', message_zh: '没有应答' } as Problem)

beforeEach(() => {
  setActivePinia(createPinia())
  lastKnown.forget()
  useSession().who = { staff: 'one' } as Schemas['Session']
})

it('shows what was read before when somebody comes back while the node does not answer, with its age', async () => {
  const first = useLoad(async () => ['a complaint'], () => 'complaints')
  expect([first.data.value, first.at.value]).toEqual([undefined, 0])
  await first.load()
  const again = useLoad<string[]>(async () => Promise.reject(hangs), () => 'complaints')
  expect([again.data.value, again.at.value]).toEqual([['a complaint'], first.at.value])
  await again.load()
  expect([again.data.value, again.problem.value?.code]).toEqual([['a complaint'], 'unreachable'])
})

it('shows no answer under another question, nor to another person', async () => {
  let filter = 'open'
  let answers = true
  const list = useLoad(async () => (answers ? [filter] : Promise.reject(hangs)), () => filter)
  await list.load()
  filter = 'all'
  answers = false
  await list.load()
  expect([list.data.value, list.at.value]).toEqual([undefined, 0])
  filter = 'open'
  await list.load()
  expect(list.data.value).toEqual(['open'])
  useSession().who = { staff: 'another' } as Schemas['Session']
  expect(useLoad(async () => ['open'], () => 'open').data.value).toBeUndefined()
})
