// @vitest-environment happy-dom
import 'fake-indexeddb/auto'
import { beforeEach, expect, it } from 'vitest'
import { deviceHere, forgetDevice, keepDevice, recallDevice, thisDevice } from './device'

const device = { id: 'd1', staff: 's1', division: '330523110220', tier: 'village' }

beforeEach(async () => {
  await forgetDevice()
})

it('a device whose local storage was lost with its power knows itself again', async () => {
  await keepDevice(device)
  localStorage.clear()
  expect(deviceHere()).toBe('')
  await recallDevice()
  expect(thisDevice()).toEqual(device)
})

it('a device that was forgotten stays forgotten', async () => {
  await keepDevice(device)
  await forgetDevice()
  await recallDevice()
  expect(thisDevice()).toBeUndefined()
})
