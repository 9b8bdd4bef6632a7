// The desk in a real browser, against real processes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import AxeBuilder from '@axe-core/playwright'
import { chromium } from 'playwright-core'
import { password, startCounty } from './county.mjs'

const village = 'village-330523110220'
let county, browser

before(async () => {
  county = await startCounty()
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
}, { timeout: 240_000 })

after(async () => {
  await browser?.close()
  await county?.stop()
})

// Whatever a page complains about in its console fails the test, but for the
// answers that the test is about.
async function desk(node, login, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN', ...options })
  const page = await context.newPage()
  const wrong = []
  page.on('pageerror', (e) => wrong.push(String(e)))
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (401|409|422)/.test(m.text())) wrong.push(m.text())
  })
  await page.goto(county.at[node] + '/')
  await page.fill('#login', login)
  await page.fill('#password', password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('nav')
  return { page, context, wrong }
}

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64')

async function fillIn(page) {
  await page.fill('#a-name', '甲乙丙')
  await page.fill('#a-id', '33059919850412005X')
  await page.fill('#a-phone', '13800000000')
  for (const input of await page.$$('form .field input[id^="f-"], form .field textarea')) {
    if ((await input.getAttribute('type')) === 'date') await input.fill('1935-04-12')
    else await input.fill(/account|card/.test((await input.getAttribute('id')) ?? '') ? '6222020000000000001' : '梅溪镇钱坑桥村')
  }
  for (const select of await page.$$('form .field select[id^="f-"]')) await select.selectOption({ index: 1 })
}

// handIn takes a case in as somebody does who has all the papers, and gives its
// number.
async function handIn(page, words, name) {
  await page.goto(county.at[village] + '/items')
  await page.fill('#words', words)
  await page.click(`table >> text="${name}"`)
  await page.click('main >> text=收件')
  await page.waitForSelector('#a-name')
  await fillIn(page)
  // What is brought is as the item asks; one paper is scanned.
  for (const paper of await page.$$('fieldset.paper')) {
    const asks = await paper.innerText()
    await (await paper.$(`input[value="${/原件和复印件 ×/.test(asks) ? 'both' : /复印件 ×/.test(asks) ? 'copy' : 'original'}"]`)).check()
  }
  await page.setInputFiles('fieldset.paper >> nth=0 >> input[type=file]', { name: '申请表.png', mimeType: 'image/png', buffer: png })
  await page.waitForSelector('fieldset.paper li:has-text("移除")')
  await page.reload() // nothing that was typed is lost
  await page.waitForFunction(() => document.querySelector('#a-name')?.value === '甲乙丙')
  await page.click('text="检查"')
  await page.waitForSelector('h2:has-text("齐全")')
  await page.click('button:has-text("提交")')
  return (await (await page.waitForSelector('p.number')).innerText()).trim()
}

// act opens a case at a desk and does what it asks there.
async function act(node, login, number, action, fill = async () => {}) {
  const { page, context, wrong } = await desk(node, login)
  // What was done elsewhere arrives by itself; the list is looked at until then.
  for (;;) {
    await page.goto(county.at[node] + '/cases')
    await page.fill('#number', number)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.card table tbody tr, .card p.soft')
    const link = await page.$(`table >> text="${number}"`)
    if (link) {
      await link.click()
      await page.waitForSelector('main >> text=办理经过')
      if (await page.$(`section[aria-label] button:has-text("${action}")`)) break
    }
    await page.waitForTimeout(300)
  }
  await page.click(`section[aria-label] >> text="${action}"`)
  await fill(page)
  await page.click('form.fill >> button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已记录")')
  assert.deepEqual(wrong, [], `${login} at ${node}`)
  await context.close()
}

test('a village worker finds an item, hands a case in and takes it up', { timeout: 120_000 }, async () => {
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  await page.click('nav >> text=事项')
  await page.fill('#words', 'gljt') // first letters of the reading
  await page.click('table >> text="高龄津贴"')
  await page.click('main >> text=收件')
  await page.fill('#a-id', '330599198504120051')
  await page.click('#a-name')
  await page.waitForSelector('text=身份证号码有误')
  await page.click('text="检查"')
  await page.waitForSelector('h2:has-text("还缺")')
  assert.ok(await page.isDisabled('button:has-text("提交")'))
  const number = await handIn(page, '高龄津贴', '高龄津贴')
  assert.match(number, /^330523110220-\d{8}-\d{2}-\d{6}-\d$/)
  await page.click('text="查看办件"')
  await page.waitForSelector('main >> text=办理经过')
  assert.ok((await page.innerText('main')).includes(number))
  assert.ok(!(await page.innerText('main')).includes('33059919850412005X'), 'an ID number is shown unasked')
  await page.click('section[aria-label] >> text="受理"')
  await page.click('form.fill >> button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已记录")')
  await page.waitForSelector('.head >> text=已受理')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a case goes from village to village through township, window, reviewer and leader', { timeout: 240_000 }, async () => {
  const { page, context } = await desk(village, 'qiankengqiao')
  const number = await handIn(page, '门诊慢特病', '门诊慢特病病种待遇认定')
  await context.close()
  await act('township-330523110', 'meixi-shenhe', number, '转报')
  await act('county-1', 'yibao-chuangkou', number, '受理')
  await act('county-2', 'yibao-shenhe', number, '审核通过')
  await act('county-3', 'yibao-lingdao', number, '审批')
  await act('county-1', 'yibao-chuangkou', number, '制发结果')
  await act(village, 'qiankengqiao', number, '送达', (p) => p.fill('#who', '甲乙丙'))
})

test('a session that ends while a form is open loses nothing', { timeout: 60_000 }, async () => {
  const { page, context } = await desk(village, 'qiankengqiao')
  await page.goto(county.at[village] + '/items')
  await page.fill('#words', '高龄津贴')
  await page.click('table >> text="高龄津贴"')
  await page.click('main >> text=收件')
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

test('every page is fit for everybody, in both languages and on a phone', { timeout: 120_000 }, async () => {
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  const base = county.at[village]
  const first = await page.getAttribute('table a', 'href')
  await page.goto(base + '/items')
  await page.waitForSelector('table a')
  const item = await page.getAttribute('table a', 'href')
  for (const language of ['zh', 'en']) {
    for (const path of ['/', '/items', item, item + '/new', '/cases', first, '/supervision', '/verify', '/line', '/nowhere/at/all']) {
      await page.goto(base + path)
      await page.waitForSelector('main h1')
      await page.waitForLoadState('networkidle')
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze()
      assert.deepEqual(violations.map((v) => `${path}: ${v.id} ${v.nodes.map((n) => n.target).slice(0, 3)}`), [])
      assert.ok((await page.title()).length > 5)
    }
    assert.equal(await page.getAttribute('html', 'lang'), language === 'zh' ? 'zh-CN' : 'en')
    if (language === 'zh') await page.click('text="English"')
  }
  assert.ok(!/[\u4e00-\u9fff]/.test((await page.innerText('nav')) + (await page.innerText('main'))), 'Chinese is left on an English page')
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of ['/', '/items', first]) {
    await page.goto(base + path)
    await page.waitForLoadState('networkidle')
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${path} is wider than a phone`)
  }
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a supervisor sees where it sticks', { timeout: 60_000 }, async () => {
  const { page, context, wrong } = await desk('county-1', 'jiancha')
  await page.click('nav >> text=监察')
  await page.waitForSelector('h2:has-text("在办")')
  await page.waitForSelector('h2:has-text("卡在哪里")')
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze()
  assert.deepEqual(violations.map((v) => v.id), [])
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
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze()
    assert.deepEqual(violations.map((v) => `${path}: ${v.id}`), [])
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
