// The day of a department's window, a reviewer and a leader; and of the township,
// which hands on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, desk, handIn, openCase, printed, township, village } from './browser.mjs'
import { password } from './county.mjs'
import { codeOn, onPaper } from './paper.mjs'
import { browser, county } from './scene.mjs'

// The county's operator puts a department's seal into use.
async function seal(base, department) {
  const json = { 'Content-Type': 'application/json' }
  const login = await (await fetch(base + '/api/v1/session', { method: 'POST', headers: json, body: JSON.stringify({ login: 'admin', password, mode: 'bearer' }) })).json()
  const made = await fetch(base + '/api/v1/seals', { method: 'POST', headers: { ...json, Authorization: 'Bearer ' + login.access_token, 'Idempotency-Key': 'seal-of-' + Date.now() }, body: JSON.stringify({ department }) })
  assert.ok(made.ok, await made.text())
}

test('a case goes from village to village through township, window, reviewer and leader', { timeout: 400_000 }, async () => {
  const worker = await desk(browser, county.at[village], 'qiankengqiao')
  const number = await handIn(worker.page, county.at[village], '门诊慢特病', '门诊慢特病病种待遇认定')

  const clerk = await desk(browser, county.at[township], 'meixi-shenhe')
  await clerk.page.waitForSelector(`table >> text="${number}"`) // it comes by itself
  await clerk.page.check(`tr:has-text("${number}") >> input[type=checkbox]`)
  await clerk.page.click('button:has-text("批量转报")')
  await clerk.page.click('.ask >> button[type=submit]')
  await clerk.page.waitForSelector(`section:has-text("待我办理") >> text="${number}"`, { state: 'detached' })
  assert.deepEqual(clerk.wrong, [])
  await clerk.context.close()

  const window = await desk(browser, county.at['county-1'], 'yibao-chuangkou')
  await openCase(window.page, county.at['county-1'], number)
  await act(window.page, '一次性告知', async (page) => {
    await page.check('.point >> nth=0 >> input[type=checkbox]')
    await page.selectOption('.point >> nth=0 >> select', 'unclear')
    await page.waitForSelector('.letter li:has-text("清晰")')
  })
  await window.page.waitForSelector('.head >> text=待补正')
  const notice = await printed(window.context, () => window.page.click('li:has-text("告知书") >> button:has-text("打印")'))
  assert.ok((await onPaper(notice)).text.includes('清晰'))
  await notice.close()

  // The village is told, and what was missing comes.
  await worker.page.goto(county.at[village] + '/')
  await worker.page.click(`section:has-text("我收的件") >> text="${number}"`)
  await worker.page.waitForSelector('.head >> text=待补正')
  await act(worker.page, '补正', async (page) => {
    await page.check('fieldset.paper >> nth=0 >> input[value=original]')
  })

  await window.page.waitForSelector('section[aria-label] >> button:has-text("受理")')
  await window.page.waitForSelector('li:has-text("后来补交")')
  await act(window.page, '受理')
  assert.deepEqual(window.wrong, [])

  // The reviewer has no mouse.
  const reviewer = await desk(browser, county.at['county-2'], 'yibao-shenhe')
  await reviewer.page.waitForSelector(`table >> text="${number}"`)
  await reviewer.page.keyboard.press('j')
  while (!(await reviewer.page.innerText('tr[aria-current]')).includes(number)) await reviewer.page.keyboard.press('j')
  await reviewer.page.keyboard.press('Enter')
  await reviewer.page.waitForSelector('main >> text=办理经过')
  await reviewer.page.keyboard.press('v')
  await reviewer.page.waitForFunction(() => document.querySelector('.viewer img')?.naturalWidth > 0)
  await reviewer.page.keyboard.press('r')
  await reviewer.page.keyboard.press('+')
  assert.match(await reviewer.page.getAttribute('.viewer img', 'style'), /rotate\(90deg\)/)
  await reviewer.page.keyboard.press('Escape')
  await reviewer.page.waitForSelector('.viewer', { state: 'detached' })
  await reviewer.page.keyboard.press('?')
  await reviewer.page.waitForSelector('#help-title')
  await reviewer.page.keyboard.press('Escape')
  await reviewer.page.keyboard.press('a')
  await reviewer.page.waitForSelector('form.fill')
  await reviewer.page.focus('form.fill button[type=submit]')
  await reviewer.page.keyboard.press('Enter')
  await reviewer.page.waitForSelector('[role=status]:has-text("已记录")')
  await reviewer.page.keyboard.press('u')
  await reviewer.page.waitForSelector('#number')
  assert.deepEqual(reviewer.wrong, [])
  await reviewer.context.close()

  // The leader has a phone.
  const leader = await desk(browser, county.at['county-3'], 'yibao-lingdao', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await leader.page.tap(`table >> text="${number}"`)
  await leader.page.waitForSelector('main >> text=办理经过')
  await act(leader.page, '审批', async (page) => {
    const signing = await page.innerText('.signing')
    assert.ok(signing.includes('符合条件') && signing.includes('不能撤回'), signing)
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'wider than a phone')
  })
  await leader.page.waitForSelector('.head >> text=准予')
  assert.deepEqual(leader.wrong, [])
  await leader.context.close()

  // The window seals the decision, seeing what that does, prints it, and makes the
  // result out.
  await seal(county.at['county-1'], '县医疗保障局')
  await openCase(window.page, county.at['county-1'], number)
  const decision = 'li:has-text("决定书")'
  await window.page.click(`${decision} >> button:has-text("盖章")`)
  assert.ok((await window.page.innerText('.ask')).includes('内容不能再改'))
  await window.page.click('.ask >> button[type=submit]')
  await window.page.waitForSelector('[role=status]:has-text("已盖章")')
  const sealed = await printed(window.context, () => window.page.click(`${decision} >> button:has-text("打印")`))
  const report = await (await fetch(county.at[village] + '/api/v1/verify', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code: await codeOn(sealed) }) })).json()
  assert.equal(report.sealed, true)
  await sealed.close()
  await act(window.page, '制发结果')
  assert.deepEqual(window.wrong, [])
  await window.context.close()

  // What came back is handed over, signed for on the screen.
  await worker.page.goto(county.at[village] + '/')
  await worker.page.click(`section:has-text("待我办理") >> text="${number}"`)
  await act(worker.page, '送达', async (page) => {
    await page.fill('#who', '甲乙丙')
    await page.locator('canvas').scrollIntoViewIfNeeded()
    const pad = await page.locator('canvas').boundingBox()
    await page.mouse.move(pad.x + 50, pad.y + 50)
    await page.mouse.down()
    await page.mouse.move(pad.x + 200, pad.y + 90, { steps: 5 })
    await page.mouse.up()
    await page.click('text="采用签名"')
    await page.waitForSelector('.proof li:has-text("签名.png")')
  })
  await worker.page.waitForSelector('.head >> text=已送达')
  assert.deepEqual(worker.wrong, [])
  await worker.context.close()
})

test('filters stay, in the address and at the next visit', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(browser, county.at['county-1'], 'yibao-chuangkou')
  await page.click('nav >> text=办件')
  await page.selectOption('#status', 'accepted')
  await page.waitForURL(/status=accepted/)
  await page.click('nav >> text=今日')
  await page.click('nav >> text=办件')
  await page.waitForURL(/status=accepted/)
  assert.equal(await page.inputValue('#status'), 'accepted')
  await page.click('text="清除条件"')
  await page.waitForURL((u) => !u.search)
  assert.deepEqual(wrong, [])
  await context.close()
})
