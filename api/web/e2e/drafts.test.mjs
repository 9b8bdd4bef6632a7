// A clerk serves one person after the other: each has a draft of their own, and a new
// form is empty.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bring, fillIn, fit, openForm, send, village } from './browser.mjs'
import { county, desk } from './scene.mjs'

const item = '门诊慢特病病种待遇认定'
const [one, two] = [{ name: '甲乙丙', id: '33059919850412005X' }, { name: '居民癸', id: '330599195303020198' }]

// Nothing that names anybody, and not which draft it is, stands in the address.
async function address(page) {
  assert.match(page.url(), /\/items\/[A-Z-]+\d+(\/new)?$/)
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]))
  for (const p of [one, two]) assert.ok(!kept.includes(p.name) && !kept.includes(p.id), `who it is for is kept in the clear: ${kept}`)
}

test('the next person has an empty form, and the one before has a draft', { timeout: 400_000 }, async () => {
  const base = county.at[village]
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  await openForm(page, base, '门诊慢特病', item)
  await fillIn(page, one.name, one.id)
  await page.fill('#a-phone', '13800000001')
  await address(page)

  // Somebody else comes: nothing of the first is in their form, but that they are there.
  await openForm(page, base, '门诊慢特病', item)
  await page.waitForSelector('summary:has-text("有 1 份未交的草稿")')
  assert.deepEqual([await page.inputValue('#a-name'), await page.inputValue('#a-id'), await page.inputValue('#a-phone')], ['', '', ''])
  assert.ok(!(await page.content()).includes(one.id))
  await page.fill('#a-name', two.name)
  await page.fill('#a-phone', '13800000002')
  await fit(page, 'a form beside a draft')

  // A page that is loaded again has what was typed in it.
  await page.reload()
  await page.waitForFunction(() => document.querySelector('#a-phone')?.value === '13800000002')
  await address(page)

  // The first comes back: their number alone leads to their draft.
  await page.fill('#a-id', one.id)
  await page.waitForSelector('.who:has-text("有一份未交的草稿")')
  await fit(page, 'an applicant who has a draft')
  await page.click('.who >> button')
  await page.waitForFunction(() => document.querySelector('#a-phone')?.value === '13800000001')
  assert.equal(await page.inputValue('#a-name'), one.name)

  // In the midst of it the number becomes another's: the clerk is asked whose form it is.
  await page.fill('#a-name', two.name)
  await page.fill('#a-id', two.id)
  await page.waitForSelector('.who:has-text("甲** 330599********005X")')
  await page.click('.who >> text="换人了，为这一位开一份空表"')
  await page.waitForFunction(() => document.querySelector('#a-phone')?.value === '')
  assert.deepEqual([await page.inputValue('#a-name'), await page.inputValue('#a-id')], [two.name, two.id])
  for (const answer of await page.$$eval('form .field input[id^="f-"], form .field textarea', (all) => all.map((e) => e.value))) assert.equal(answer, '')

  // The item's page lists both, masked; the first one's is gone on with and handed in.
  await page.click('main a:has-text("← ")')
  const list = page.locator('section.drafts')
  await list.locator(':text("甲** 330599********005X")').waitFor()
  await list.locator(':text("居** 330599********0198")').waitFor()
  assert.ok(!new RegExp(`${one.name}|${two.name}|${one.id}`).test(await page.innerText('main')))
  await fit(page, 'the drafts of an item')
  await list.locator('li:has-text("甲**") >> text="接着填"').click()
  await page.waitForFunction(() => document.querySelector('#a-phone')?.value === '13800000001')
  await address(page)
  assert.equal(await page.inputValue('#a-name'), one.name)
  await bring(page)
  await send(page)

  // And the next in the queue, for the same item, with one click.
  await page.click('text="下一位，同一事项"')
  await page.waitForSelector('summary:has-text("有 1 份未交的草稿")')
  assert.equal(await page.inputValue('#a-name'), '')
  await page.click('nav >> text=今日')
  const left = page.locator('section.drafts li:has-text("居**")')
  await left.locator('text="删除"').click()
  await left.waitFor({ state: 'detached' })
  await page.click('text="撤消"')
  await left.waitFor()
  await left.locator('text="删除"').click()
  await left.waitFor({ state: 'detached' })
  await page.reload()
  await page.waitForSelector('main h1:has-text("今日")')
  await page.waitForSelector('.el-skeleton', { state: 'detached' })
  assert.equal(await page.locator('section.drafts').count(), 0)
  assert.deepEqual(wrong, [])
  await context.close()
})
