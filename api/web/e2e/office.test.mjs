// What else a window, a reviewer and a leader do by their pages: a fee from the
// charge to the payment, a complaint from whoever made it to its answer, an account,
// and a joint matter from the form to its board.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bring, desk, fillIn, fit, printed, watch } from './browser.mjs'
import { applicant, offerPackages, program, takeIn } from './program.mjs'
import { browser, county } from './scene.mjs'
import { until } from './wait.mjs'

const hub = 'county-1'
const paid = 'TB-YBJ-007' // made one with a fee below, for the demo's windows have none

test('a fee is charged by the tariff, waived in part by a leader, and the rest paid', { timeout: 400_000 }, async () => {
  const [one, two, window] = [await program(county.at[hub], 'admin'), await program(county.at[hub], 'admin2'), await program(county.at[hub], 'yibao-chuangkou')]
  const { item } = await one('GET', `/api/v1/items/${paid}?plain=true`)
  const draft = await one('POST', `/api/v1/items/${paid}/draft`, { ...item, fee: { charged: true, standard: '工本费5元/证' } }, 201)
  await two('POST', '/api/v1/items/approve', { items: [{ code: paid, version: draft.version }] })
  await one('POST', '/api/v1/editions', { items: [{ code: paid, version: draft.version }], note: '收费', unstaffed: true }, 201)
  const { case: made } = await takeIn(window, paid, '330523')
  await window('POST', `/api/v1/cases/${made.id}/actions`, { kind: 'accept' })

  const { page, context, wrong } = await desk(browser, county.at[hub], 'yibao-chuangkou')
  const fees = page.locator('section', { has: page.locator('h2', { hasText: '收费' }) })
  await page.goto(`${county.at[hub]}/cases/${made.id}`)
  await fees.locator('button:has-text("开缴款通知")').click()
  await page.fill('#rate-0', '4')
  await fees.locator('text=20.00').waitFor()
  await fit(page, 'a charge')
  await fees.locator('form button[type=submit]').click()
  await fees.locator('.charge').waitFor()
  // A mistake is taken back with its reason, and stays to be seen; the right one is made out.
  await fees.locator('.charge button:has-text("撤销")').click()
  await page.fill('dialog #fee-why', '份数开错')
  await fit(page, 'taking a charge back')
  await page.click('dialog button[type=submit]')
  await fees.locator('.charge del:has-text("20.00")').waitFor()
  await fees.locator('li:has-text("份数开错")').waitFor()
  assert.equal(await fees.locator('.charge button').count(), 0)
  await fees.locator('button:has-text("开缴款通知")').click()
  await page.fill('#rate-0', '4')
  await fees.locator('form button[type=submit]').click()
  await fees.locator('.charge >> nth=1').waitFor()
  await page.click('nav >> text=收费')
  await page.waitForSelector(`tr:has-text("${made.number}") >> text=20.00`)
  await fit(page, 'the fee counter')
  await page.click(`text="${made.number}"`)

  const leader = await desk(browser, county.at[hub], 'yibao-lingdao')
  await leader.page.goto(`${county.at[hub]}/cases/${made.id}`)
  await leader.page.click('.charge >> button:has-text("减免")')
  await leader.page.fill('#fee-amount', '5')
  await leader.page.fill('#fee-why', '低保户减免')
  await leader.page.click('form.fill >> button[type=submit] >> nth=-1')
  await leader.page.waitForSelector('li:has-text("低保户减免")')
  // The window's page learns of it by itself, and takes what is left: no more, no less.
  await fees.locator('li:has-text("低保户减免")').waitFor()
  const pay = async (yuan) => {
    await page.fill('#fee-amount', yuan)
    await page.fill('#fee-bill', '票据0001')
    await fees.locator('form button[type=submit]').click()
  }
  await fees.locator('button:has-text("登记收款")').first().click()
  await pay('20')
  await fees.locator('text=与所收金额不符').waitFor()
  await pay('15')
  await fees.locator('li:has-text("票据0001")').waitFor()
  assert.deepEqual([...wrong, ...leader.wrong], [])
  await Promise.all([context.close(), leader.context.close()])
})

test('somebody complains by a page, a supervisor takes it on and answers it', { timeout: 400_000 }, async () => {
  const home = await (await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' })).newPage()
  const wrong = watch(home)
  await home.goto(county.at[hub] + '/complain')
  await home.fill('#text', '窗口排队时间过长')
  await home.fill('#name', '甲乙丙')
  await home.fill('#phone', '13800000000')
  await fit(home, 'a complaint')
  await home.click('button[type=submit]')
  const number = (await (await home.waitForSelector('p.number')).innerText()).trim()

  const { page, context, wrong: wrongs } = await desk(browser, county.at[hub], 'jiancha')
  await page.click('nav >> text=投诉')
  const row = page.locator('article', { hasText: number })
  await row.locator('button:has-text("指定承办人")').click()
  assert.equal(await row.locator('#who option', { hasText: '首席代表' }).count(), 0, 'a department is offered what does not concern it')
  await page.selectOption('#who', { label: (await row.locator('#who option', { hasText: '监察员' }).innerText()).trim() })
  await row.locator('form button[type=submit]').click()
  await page.waitForSelector('[role=status]:has-text("已指定承办人")')
  await fit(page, 'complaints')

  await row.locator('button:has-text("答复")').click()
  await page.fill('#reply', '已增开窗口')
  await row.locator('form button[type=submit]').click()
  await page.waitForSelector('[role=status]:has-text("已答复")')
  assert.deepEqual([...wrong, ...wrongs], [])
  await Promise.all([home.context().close(), context.close()])
})

test('an account is opened against the card that is shown, and its code goes on paper alone', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(browser, county.at[hub], 'yibao-chuangkou')
  await page.click('nav >> text=居民与企业')
  await page.click('nav >> text=申请人账户')
  await page.fill('#acc-number', '330599199001011231')
  assert.ok(await page.isDisabled('button:has-text("查询是否已开户")'), 'a number that is none is not asked about')
  await page.fill('#acc-number', applicant.id_number)
  await page.click('main form button:has-text("查询是否已开户")')
  await page.waitForSelector('.found')
  await page.fill('#acc-name', applicant.name)
  await page.fill('#acc-phone', applicant.phone)
  await page.fill('#acc-shown', '居民身份证原件')
  await fit(page, 'an account')
  const slip = await printed(context, () => page.click('form button[type=submit]'))
  assert.match(await slip.innerText('main'), /[0-9A-Z]{4}/)
  await page.waitForSelector('main h2')
  assert.ok(!/[0-9A-Z]{4}-[0-9A-Z]{4}/.test(await page.innerText('main')), 'the code stands on the screen')
  await fit(page, 'an account that was opened')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a joint matter is one form, and its board shows who holds it up', { timeout: 400_000 }, async () => {
  const worker = await program(county.at['village-330523110220'], 'qiankengqiao')
  if (!(await worker('GET', '/api/v1/packages')).packages.length) {
    await offerPackages(county.at[hub])
    await until('the packages to come down to the village', async () => (await worker('GET', '/api/v1/packages')).packages.length)
  }
  const base = county.at['village-330523110220']
  const { page, context, wrong } = await desk(browser, base, 'qiankengqiao')
  await page.click('nav >> text=事项')
  await page.click('nav >> text=一件事')
  await page.click('li:has-text("残疾人服务一件事") >> button')
  await page.waitForSelector('#a-name')
  await fillIn(page)
  for (const phone of await page.$$('input[inputmode=tel]')) await phone.fill('13800000000')
  await bring(page)
  await fit(page, 'the one form of a joint matter')
  await page.click('text="检查"')
  await page.waitForSelector('section[aria-live] h2, h2:has-text("齐全")')
  if (await page.isVisible('section[aria-live] input[type=checkbox]')) {
    await page.check('section[aria-live] input[type=checkbox]')
    await page.click('section[aria-live] button:has-text("去核对")')
  }
  await page.waitForSelector('h1:has-text("请核对")')
  await fit(page, 'the answers of a joint matter')
  await page.click('button:has-text("提交")')
  const number = (await (await page.waitForSelector('p.number')).innerText()).trim()
  await page.click('a:has-text("查看")').catch(() => page.click('main .row a >> nth=0'))
  await page.waitForSelector('.members article')
  assert.ok((await page.$$('.members article')).length >= 3, 'each department has its case on the board')
  await fit(page, 'the board of a joint matter')
  await page.click('nav >> text=事项')
  await page.click('nav >> text=一件事')
  await page.click(`table >> text="${number}"`)
  await page.waitForSelector('.members article')
  assert.deepEqual(wrong, [])
  await context.close()
})
