import { expect, it } from 'vitest'
import { shellWord } from './shell'

it('quotes what a shell would read otherwise', () => {
  expect(shellWord('/var/lib/tongban/backups/county-1-20261128-085500.backup')).toBe('/var/lib/tongban/backups/county-1-20261128-085500.backup')
  expect(shellWord('/mnt/备份 盘/a.backup')).toBe("'/mnt/备份 盘/a.backup'")
  expect(shellWord("/mnt/a'; rm -rf b/$HOME")).toBe(`'/mnt/a'\\''; rm -rf b/$HOME'`)
  expect(shellWord('')).toBe("''")
})
