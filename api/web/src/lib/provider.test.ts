import { describe, expect, it } from 'vitest'
import { returned } from './provider'

describe('what a provider sends back', () => {
  it('is handed in whole', () => {
    expect(returned('?code=c%2F1&state=login.ABC&iss=https%3A%2F%2Fid.example.cn')).toEqual({ body: { code: 'c/1', state: 'login.ABC', issuer: 'https://id.example.cn' }, link: false, denied: false })
    expect(returned('?code=c&state=link.ABC')).toEqual({ body: { code: 'c', state: 'link.ABC' }, link: true, denied: false })
  })
  it('may be a refusal, or nothing', () => {
    expect(returned('?error=access_denied&state=link.ABC')).toEqual({ link: true, denied: true })
    expect(returned('?error=access_denied&code=c&state=login.ABC')).toEqual({ link: false, denied: true })
    for (const q of ['', '?code=c', '?state=login.ABC']) expect(returned(q)).toEqual({ link: false, denied: false })
  })
})
