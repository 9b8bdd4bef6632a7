// The search of the header: a number, words, initials, and what a scanner types.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fit, handIn, openForm, printed, village } from './browser.mjs'
import { codeOn } from './paper.mjs'
import { county, desk } from './scene.mjs'

test('a case and an item are found from every page, by hand and with a scanner', { timeout: 400_000 }, async () => {
  const base = county.at[village]
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  const number = await handIn(page, base, '高龄津贴', '高龄津贴')
  const sheet = await printed(context, () => page.keyboard.press('p'))
  const code = await codeOn(sheet)
  await sheet.close()
  await page.click('text="查看办件"')
  await page.waitForURL('**/cases/*')
  const made = { id: page.url().split('/').pop(), number }
  const { keyboard } = page
  const opened = () => page.waitForURL(`**/cases/${made.id}`)

  // Initials, with the keys alone.
  await page.goto(base + '/custody')
  await page.waitForFunction(() => document.activeElement?.matches('main input')) // the page's own field, which takes what is scanned
  await page.evaluate(() => document.activeElement.blur())
  await keyboard.press('/')
  await keyboard.type('gljt')
  await page.waitForSelector('#search-found li:has-text("高龄津贴")')
  await fit(page, 'what was found')
  await keyboard.press('ArrowDown')
  await page.waitForSelector('#search-found li.at')
  await keyboard.press('Enter')
  await page.waitForURL('**/items/TB-MZJ-008')

  // A scanner, with nobody in any field: the whole number and Enter, faster than any hand.
  await page.waitForSelector('main h1:has-text("高龄津贴")')
  await keyboard.type(made.number.replace(/\D/g, ''))
  await keyboard.press('Enter')
  await opened()
  assert.ok(!(await page.inputValue('#search')))

  // In a field what is typed is the field's.
  await openForm(page, base, '高龄津贴', '高龄津贴')
  await page.fill('#a-name', '')
  await page.focus('#a-name')
  await keyboard.type('t/330523')
  assert.deepEqual([await page.inputValue('#a-name'), await page.inputValue('#search')], ['t/330523', ''])
  await page.fill('#a-name', '')

  // The square of the receipt, as a scanner types it, and in the link that phones open.
  await page.goto(`${base}/cases/${made.id}`)
  assert.match(code, /^TB\d:/)
  for (const scanned of [code, `${base}/verify#${encodeURIComponent(code)}`]) {
    await page.goto(base + '/')
    await page.waitForSelector('main h1')
    await page.evaluate(() => document.activeElement?.blur())
    if (scanned !== code) await keyboard.press('/')
    await keyboard.type(scanned)
    await keyboard.press('Enter')
    await opened()
  }

  // How a number begins lists cases; words that are none say so.
  await page.fill('#search', made.number.slice(0, 12))
  await page.click(`#search-found li:has-text("${made.number}")`)
  await opened()
  await page.fill('#search', '没有这样的事项')
  await page.waitForSelector('.search [role=status]:has-text("没有找到")')
  await page.fill('#search', '330523110220-20260101-01-000001-5')
  await keyboard.press('Enter')
  await page.waitForSelector('.search [role=status]')
  await page.fill('#search', '津贴')
  await keyboard.press('Enter')
  await page.waitForURL('**/items?q=*')
  await page.waitForSelector('table >> text="高龄津贴"')
  await page.keyboard.press('Escape')
  await page.evaluate(() => document.activeElement?.blur())
  await keyboard.press('?')
  await page.waitForSelector('dt:has-text("/")')
  assert.deepEqual(wrong.filter((w) => !/404/.test(w)), [])
  await context.close()
})
