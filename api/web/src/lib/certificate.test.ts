import { expect, it } from 'vitest'
import { isCertificate } from './certificate'

it('tells certificates, which have a number, from other results', () => {
  expect(['食品经营许可证', '营业执照（副本）', '出生医学证明书', '林木采伐许可证 '].map(isCertificate)).toEqual([true, true, true, true])
  expect(['高龄津贴审批表', '缴费凭证', '准予行政许可决定书', '居住证明', ''].map(isCertificate)).toEqual([false, false, false, false, false])
})
