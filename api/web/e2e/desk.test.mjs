// Every page of every desk is fit for everybody; a session that ends, and what
// those see who are not logged in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { desk as deskOf, fit, handIn, openBrowser, township, village } from './browser.mjs'
import { password, startCounty } from './county.mjs'

let county, browser

before(async () => {
  county = await startCounty()
  browser = await openBrowser()
}, { timeout: 400_000 })

after(async () => {
  await browser?.close()
  await county?.stop()
})

const desk = (node, login, options) => deskOf(browser, county.at[node], login, options)

test('a session that ends while a form is open loses nothing', { timeout: 60_000 }, async () => {
  const { page, context } = await desk(village, 'qiankengqiao')
  await page.goto(county.at[village] + '/items')
  await page.fill('#words', '高龄津贴')
  await page.click('table >> text="高龄津贴"')
  await page.click('main a >> button:has-text("收件")')
  await page.fill('#a-name', '丁戊己')
  await context.clearCookies()
  await page.click('text="检查"')
  await page.waitForSelector('[role=dialog] >> text=登录已过期')
  await page.fill('[role=dialog] #password', password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=dialog]', { state: 'detached' })
  assert.equal(await page.inputValue('#a-name'), '丁戊己')
  await page.click('text="检查"')
  await page.waitForSelector('h2:has-text("还缺")')
  await context.close()
})

// Each desk's own pages, in both languages; on a phone and in large type nothing
// sticks out.
for (const [node, login, own] of [
  [village, 'qiankengqiao', ['/', '/items', '/items/TB-MZJ-008', '/items/TB-MZJ-008/new', '/packages', '/cases', 'case', '/custody', '/accounts', '/line', '/supervision', '/verify', '/nowhere/at/all']],
  [township, 'meixi-lingdao', ['/', '/cases', '/custody', '/service']],
  ['county-1', 'yibao-chuangkou', ['/', '/cases', '/custody', '/fees', '/packages']],
  ['county-2', 'yibao-lingdao', ['/', '/cases', '/service']],
]) {
  test(`every page of ${login} is fit for everybody, in both languages, on a phone and in large type`, { timeout: 180_000 }, async () => {
    const { page, context, wrong } = await desk(node, login)
    const base = county.at[node]
    if (own.includes('case')) await handIn(page, base, '高龄津贴', '高龄津贴')
    const paths = []
    for (const path of own) paths.push(path === 'case' ? await page.getAttribute('a:has-text("查看办件")', 'href') : path)
    for (const language of ['zh', 'en']) {
      for (const path of paths) {
        await page.goto(base + path)
        await page.waitForSelector('main h1')
        await page.waitForSelector('.el-skeleton', { state: 'detached' })
        await fit(page, `${path} in ${language}`)
        assert.ok((await page.title()).length > 5)
      }
      assert.equal(await page.getAttribute('html', 'lang'), language === 'zh' ? 'zh-CN' : 'en')
      if (language === 'zh') await page.click('text="English"')
    }
    // What stands in the catalog or in names stays as it is; what is ours does not.
    await page.goto(base + '/cases')
    assert.ok(!/[\u4e00-\u9fff]/.test((await page.innerText('nav')) + (await page.innerText('main form'))), 'Chinese is left on an English page')
    await page.keyboard.press('?')
    await page.waitForSelector('#help-title')
    await fit(page, 'help')
    await page.keyboard.press('Escape')
    await page.check('header input[type=checkbox]')
    for (const width of [1366, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 768 })
      for (const path of paths) {
        await page.goto(base + path)
        await page.waitForSelector('main h1')
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${path} is wider than ${width} in large type`)
      }
    }
    assert.deepEqual(wrong, [])
    await context.close()
  })
}

test('a supervisor sees where it sticks', { timeout: 60_000 }, async () => {
  const { page, context, wrong } = await desk('county-1', 'jiancha')
  await page.click('nav >> text=监察')
  await page.waitForSelector('h2:has-text("在办")')
  await page.waitForSelector('h2:has-text("卡在哪里")')
  await fit(page, 'supervision')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('anybody can have a document verified', { timeout: 60_000 }, async () => {
  const context = await browser.newContext({ locale: 'zh-CN' })
  const page = await context.newPage()
  await page.goto(county.at['county-1'] + '/verify')
  await page.fill('#code', 'TB1:AEAQ')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=status] h2, [role=alert]')
  assert.ok(!(await page.isVisible('h2.genuine')))
  await context.close()
})

test('anybody can look up, read what is published and watch the hall', { timeout: 60_000 }, async () => {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1920, height: 1080 } })
  const page = await context.newPage()
  const base = county.at[village]
  await page.goto(base + '/lookup')
  await page.fill('#number', '330523110220-20260101-01-000001-0')
  await page.fill('#code', 'AAAAA-AAAAA')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=alert] >> text=lookup_failed')
  for (const path of ['/lookup', '/published', '/hall']) {
    await page.goto(base + path)
    await page.waitForSelector('main h1')
    await fit(page, path)
  }
  // The walk's cases are of relief and health: no screen ever names them.
  await page.waitForSelector('.wall .none')
  assert.ok(!/甲乙丙|330599/.test(await page.innerText('.wall')))
  await context.close()
})

test('nobody who is not logged in sees a case', { timeout: 60_000 }, async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(county.at[village] + '/cases')
  await page.waitForSelector('#login')
  assert.ok(page.url().endsWith('/login?to=/cases'))
  await page.goto(county.at[village] + '/items')
  await page.waitForSelector('table a') // the guide is everybody's
  await context.close()
})
