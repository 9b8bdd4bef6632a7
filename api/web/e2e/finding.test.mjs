// What people find, and what they are told: by life events, with samples of papers;
// a complaint with its code; a desk that has no more entries than it can read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fit, village, watch } from './browser.mjs'
import { program, takeIn } from './program.mjs'
import { browser, county, desk } from './scene.mjs'

const hub = 'county-1'
async function visitor(options = { viewport: { width: 390, height: 844 } }) {
  const context = await browser.newContext({ locale: 'zh-CN', ...options })
  const page = await context.newPage()
  return { context, page, wrong: watch(page) }
}

test('items are found by what happened in a life, and their papers have samples', { timeout: 400_000 }, async () => {
  const { context, page } = await visitor()
  await page.goto(county.at[village] + '/welcome')
  await page.click('.life >> text=开店、办企业')
  await page.waitForURL(/life=opening/)
  await page.waitForSelector('td >> text=企业设立登记（有限责任公司）')
  await fit(page, 'items of a life event')
  await page.click('.chip >> text=结婚、离婚与收养')
  await page.waitForSelector('td >> text=内地居民结婚登记')
  assert.equal(await page.getAttribute('.chip:has-text("结婚、离婚与收养")', 'aria-pressed'), 'true')
  assert.ok(!(await page.$('td >> text=企业设立登记（有限责任公司）')))
  await page.goto(county.at[village] + '/items/TB-SCJG-001')
  await page.waitForSelector('text=用黑色墨水填写或打印')
  await fit(page, 'an item with its samples')
  const [sample] = await Promise.all([context.waitForEvent('page'), page.click('a:has-text("看样本")')])
  await sample.waitForSelector('text=样本，仅供参照填写，不作为凭证')
  assert.ok((await sample.innerText('body')).includes('33059919850412005X'))
  await page.click('dd >> text=开店、办企业')
  await page.waitForURL(/life=opening/)
  await context.close()
})

test('a complaint is looked up by its number and code', { timeout: 400_000 }, async () => {
  const { context, page, wrong } = await visitor()
  await page.goto(county.at[hub] + '/complain')
  await page.fill('#text', '   ')
  await page.click('button[type=submit]')
  await page.waitForSelector('#lacks >> text=只有空格的不能提交')
  await fit(page, 'a complaint of spaces')
  await page.fill('#text', '窗口中午无人值守')
  await page.waitForSelector('#lacks', { state: 'detached' })
  await page.click('button[type=submit]')
  const number = (await (await page.waitForSelector('p.number')).innerText()).trim()
  const code = (await page.innerText('strong.code')).trim()
  await page.click('a >> text=查询答复')
  await page.fill('#number', number)
  await page.fill('#code', code)
  await page.click('button[type=submit]')
  await page.waitForSelector('text=已收到，待指定承办人')
  await fit(page, 'a complaint that was looked up')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a complaint without an answer is sent again as it was, and recorded once', { timeout: 400_000 }, async () => {
  const { context, page, wrong } = await visitor()
  await page.goto(county.at[hub] + '/complain')
  // Of letters: long numbers are masked.
  const text = '排队两小时 ' + Array.from({ length: 8 }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join('')
  await page.fill('#text', text)
  let tries = 0
  await page.route('**/api/v1/complaints', async (route) => {
    if (++tries > 1) return route.continue()
    await route.fetch()
    return route.abort()
  })
  await page.click('button[type=submit]')
  await page.waitForSelector('text=不知道是否已经送到')
  assert.ok(await page.isDisabled('#text'), 'what may have arrived can be changed')
  await fit(page, 'a complaint without an answer')
  await page.click('text="再发一次"')
  await page.waitForSelector('p.number')
  const supervisor = await program(county.at[hub], 'jiancha')
  const { complaints } = await supervisor('GET', '/api/v1/complaints')
  assert.equal(complaints.filter((c) => c.text === text).length, 1)
  assert.deepEqual(wrong.filter((w) => !/ERR_FAILED/.test(w)), [])
  await context.close()
})

test('a desk has at most eight entries, with everything behind them', { timeout: 400_000 }, async () => {
  for (const [node, login] of [[village, 'qiankengqiao'], [hub, 'yibao-chuangkou'], [hub, 'yibao-lingdao']]) {
    const { context, page, wrong } = await desk(node, login)
    const n = await page.locator('.body > nav a').count()
    assert.ok(n >= 5 && n <= 8, `${login} has ${n} entries`)
    await page.click('.body > nav >> text=事项')
    await page.click('.beside >> text=一件事')
    await page.waitForURL('**/packages')
    assert.equal(await page.getAttribute('.body > nav a:has-text("事项")', 'aria-current'), 'true')
    assert.deepEqual(wrong, [])
    await context.close()
  }
})

test('the window sees on the case what the applicant was told', { timeout: 400_000 }, async () => {
  const ask = await program(county.at[hub], 'yibao-chuangkou')
  const made = await takeIn(ask, 'TB-YBJ-002', '330523')
  await ask('POST', `/api/v1/cases/${made.case.id}/actions`, { kind: 'accept' })
  const { context, page, wrong } = await desk(hub, 'yibao-chuangkou')
  await page.goto(`${county.at[hub]}/cases/${made.case.id}`)
  await page.waitForSelector('section:has(h2:text-is("告知申请人的情况")) >> text=已受理')
  await fit(page, 'a case with its notices')
  assert.deepEqual(wrong, [])
  await context.close()
})
