import { expect, it } from 'vitest'
import { findRead } from './pinyin'

it('finds text by how it is read, as the node does', () => {
  const rows: [string, string, number][] = [
    ['社会保障卡申领', 'shbzk', 0],
    ['社会保障卡申领', 'bzk', 2],
    ['社会保障卡申领', 'sl', 5],
    ['社会保障卡申领', 'xx', -1],
    ['企业设立登记（有限责任公司）', 'djyxzr', 4],
    ['银行账户', 'yh', 0],
    ['行政许可', 'xz', 0],
    ['重新登记', 'cx', 0],
    ['重点项目', 'zd', 0],
    ['B2证', 'b2z', 0],
    ['龘', 'd', 0],
    ['', 'a', -1],
    ['任何', '', 0],
    ['（社）', 's', 1],
    ['居民身份证申领', 'shenfenzheng', 2],
    ['居民身份证申领', 'jumin', 0],
    ['居民身份证申领', 'shenfzh', 2],
    ['居民身份证申领', 'shenfenzhengming', -1],
    ['最低生活保障', 'zuidi', 0],
    ['企业（有限责任公司）设立', 'zerengongsisheli', 5],
    ['银行账户', 'yinhang', 0],
    ['行政许可', 'xingzheng', 0],
    ['重新登记', 'chongxin', 0],
    ['社会保障', 'sh', 0],
    ['审批', 'sh', -1],
    ['审批', 'she', 0],
    ['女职工', 'nvzhigong', 0],
    ['B2证', 'b2zheng', 0],
  ]
  for (const [text, letters, at] of rows) expect([text, letters, findRead(text, letters)]).toEqual([text, letters, at])
})
