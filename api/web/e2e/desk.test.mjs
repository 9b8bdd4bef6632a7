// A session that ends, and what those see who are not logged in.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bring, fillIn, fit, logIn, openForm, png, printed, village, watch } from './browser.mjs'
import { password } from './county.mjs'
import { program } from './program.mjs'
import { browser, county, desk } from './scene.mjs'

test('a session that ends while a form is open loses nothing', { timeout: 400_000 }, async () => {
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

test('what was filled in is looked through before it is handed in, by keys, and sent once', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  await openForm(page, county.at[village], '高龄津贴', '高龄津贴')
  await fillIn(page)
  await bring(page)
  await page.click('text="检查"')
  await page.waitForSelector('h2:has-text("齐全")')
  const shown = await page.innerText('main')
  for (const words of ['甲乙丙', '330599********005X', '138****0000', '申请人本人', '申请表.png']) assert.ok(shown.includes(words), `${words} is not to be checked: ${shown}`)
  assert.ok(!/33059919850412005X|6222020000000000001/.test(shown), 'a bystander reads whole numbers')
  await fit(page, 'check your answers')
  await page.check('label:has-text("显示完整号码") input')
  assert.ok((await page.innerText('main')).includes('33059919850412005X'))
  await page.click('h1')
  await page.keyboard.press('Escape')
  await page.fill('#a-phone', '13800001111') // what was taken in before is there still
  await page.click('text="检查"')
  await page.waitForSelector('dd:has-text("138****1111")')
  let sent = 0
  page.on('request', (r) => (sent += r.method() === 'POST' && new URL(r.url()).pathname === '/api/v1/cases' ? 1 : 0))
  await page.keyboard.press('a')
  await page.keyboard.press('a')
  await page.waitForSelector('p.number')
  assert.equal(sent, 1)
  assert.deepEqual(wrong, [])
  await context.close()
})

test('what was taken out or given up by mistake comes back', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  await openForm(page, county.at[village], '高龄津贴', '高龄津贴')
  await page.fill('#a-name', '丁戊己')
  const paper = page.locator('fieldset.paper').first()
  await paper.locator('input[type=file]').setInputFiles({ name: '申请表.png', mimeType: 'image/png', buffer: png })
  await paper.locator('li:has-text("申请表.png") >> text=移除').click()
  await paper.locator('text=已移除：申请表.png').waitFor()
  await fit(page, 'a paper that was taken out')
  await paper.locator('text=撤消').click()
  await paper.locator('li:has-text("申请表.png")').waitFor()
  await page.click('text="放弃重填"')
  await page.waitForSelector('text=已移除：填写的内容')
  assert.equal(await page.inputValue('#a-name'), '')
  assert.equal(await page.locator('fieldset.paper li').count(), 0)
  await page.click('text="撤消"')
  await page.waitForFunction(() => document.querySelector('#a-name')?.value === '丁戊己')
  await page.waitForSelector('li:has-text("申请表.png")')
  // Given up for good, it is in no list of drafts.
  await page.click('text="放弃重填"')
  await page.waitForSelector('text=已移除：填写的内容')
  await page.click('nav >> text=今日')
  await page.waitForSelector('main h1:has-text("今日")')
  await page.waitForSelector('.el-skeleton', { state: 'detached' })
  assert.equal(await page.locator('section.drafts >> text=高龄津贴').count(), 0)
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a table is cut to taste, stays so, and is saved with all that the filter finds', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  // As with many cases: the node gives three at a time, so that most are not shown.
  await page.route('**/api/v1/cases?*', (route) => route.continue({ url: route.request().url().replace(/limit=\d+/, 'limit=3') }))
  await page.goto(county.at[village] + '/cases?order=newest')
  await page.click('summary:has-text("显示与导出")')
  await fit(page, 'the view of a table')
  await page.uncheck('details.view >> text=收件时间')
  await page.check('details.view >> text=紧凑')
  await page.waitForSelector('table.dense')
  assert.ok(!(await page.innerText('thead')).includes('收件时间'))
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('details.view >> text=导出全部')])
  assert.equal(file.suggestedFilename(), '办件.csv')
  const text = readFileSync(await file.path(), 'utf8')
  assert.match(text, /^\ufeff"办件编号","期限","事项"/)
  const worker = await program(county.at[village], 'qiankengqiao')
  const { cases } = await worker('GET', '/api/v1/cases?limit=500')
  assert.ok(cases.length > 3 && (await page.locator('tbody tr').count()) < cases.length, 'all rows are shown')
  for (const c of cases) assert.ok(text.includes(`"${c.number}"`), `${c.number} is not in the file`)
  assert.equal(text.trim().split('\r\n').length, cases.length + 1)
  // It can be stopped while it reads; nothing is saved then.
  let saved = 0
  page.on('download', () => saved++)
  await page.route('**/api/v1/cases?*limit=500*', async (route) => {
    await page.click('details.view >> text="停止"')
    return route.continue()
  })
  await page.click('details.view >> text=导出全部')
  await page.waitForSelector('details.view >> text="停止"', { state: 'detached' })
  assert.equal(saved, 0)
  assert.ok(!text.includes('收件时间') && !/甲乙丙|33059919850412005X/.test(text), 'what is masked or left out is in the file')
  await page.reload()
  await page.waitForSelector('table.dense')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a row opens its page by mouse and by keys, and in a new tab where that is wanted', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  const base = county.at[village]
  for (const path of ['/cases', '/items']) {
    await page.goto(base + path)
    const row = page.locator('main tr.opens').first()
    const to = new URL(await row.locator('a').first().getAttribute('href'), base).href
    const cell = row.locator('td').last() // where no link stands
    for (const how of [{ modifiers: ['Control'] }, { button: 'middle' }]) {
      const [tab] = await Promise.all([context.waitForEvent('page'), cell.click(how)])
      await tab.waitForURL(to)
      await tab.close()
      assert.equal(new URL(page.url()).pathname, path)
    }
    await page.evaluate(() => document.activeElement?.blur())
    await page.keyboard.press('j')
    assert.equal(await page.evaluate(() => document.activeElement?.href), to)
    await page.keyboard.press('Enter')
    await page.waitForURL(to)
    await page.goBack()
    await page.locator('main tr.opens').first().locator('td').last().click()
    await page.waitForURL(to)
  }
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a case is taken in without a mouse, from the login to the receipt', { timeout: 400_000 }, async () => {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' })
  await context.addInitScript(() => {
    window.print = () => (window.printed = (window.printed ?? 0) + 1)
  })
  const page = await context.newPage()
  const wrong = watch(page)
  const { keyboard } = page
  // Goes on with Tab until something has the focus, and lets it be seen that it has.
  const tabTo = async (what) => {
    for (let i = 0; i < 120; i++) {
      if (await page.evaluate((w) => document.activeElement?.matches(w), what)) return
      await keyboard.press('Tab')
    }
    assert.fail(`Tab does not lead to ${what}`)
  }
  const enter = async (what) => {
    await page.waitForSelector(what)
    await tabTo(what)
    await keyboard.press('Enter')
  }
  await page.goto(county.at[village] + '/login')
  await page.waitForSelector('#login')
  await tabTo('#login')
  await keyboard.type('qiankengqiao')
  await tabTo('#password')
  await keyboard.type(password)
  await keyboard.press('Enter')
  await page.waitForSelector('nav a[aria-current]')
  await keyboard.press('?')
  await page.waitForSelector('#help-title')
  await fit(page, 'help')
  await keyboard.press('Escape')
  await keyboard.press('n')
  await page.waitForSelector('#words')
  await tabTo('#words')
  await keyboard.type('gljt')
  await page.waitForSelector('table a:has-text("高龄津贴")')
  await enter('table a[href$="/TB-MZJ-008"]')
  await enter('main a[href$="/TB-MZJ-008/new"]')
  await page.waitForSelector('#a-name')

  // The form as Tab goes through it: whatever has the focus is answered.
  const focus = () => page.evaluate(() => {
    const e = document.activeElement
    return { id: e.id, type: e.type ?? e.tagName, tag: e.tagName, name: e.name, text: e.textContent.trim(), value: e.value, paper: e.closest('fieldset.paper')?.innerText, labels: [...(e.labels ?? [])].map((l) => l.textContent).join() }
  })
  const answers = { 'a-name': '甲乙丙', 'a-id': '33059919850412005X', 'a-phone': '13800000000' }
  await tabTo('#a-name')
  for (let i = 0; ; i++) {
    assert.ok(i < 200, 'the form does not end')
    const at = await focus()
    if (at.text === '检查') break
    if (at.tag === 'SELECT') await keyboard.press('ArrowDown')
    else if (at.type === 'radio' && at.paper) {
      const want = /原件和复印件 \d/.test(at.paper) ? 'both' : /复印件 \d/.test(at.paper) ? 'copy' : 'original'
      await keyboard.press('Space')
      for (let n = 0; n < 8 && (await focus()).value !== want; n++) await keyboard.press('ArrowDown')
    } else if (at.type === 'date') {
      // The order of its parts is the browser's language's.
      await keyboard.type('04121935')
      if ((await focus()).value !== '1935-04-12') {
        await keyboard.press('Backspace')
        await keyboard.type('1935')
        await keyboard.press('ArrowRight')
        await keyboard.type('0412')
      }
      await page.waitForFunction((id) => document.getElementById(id).value === '1935-04-12', at.id)
    } else if ((['text', 'tel', 'textarea'].includes(at.type) || at.tag === 'TEXTAREA') && !at.value) await keyboard.type(answers[at.id] ?? (/account|card/.test(at.id) ? '6222020000000000001' : '梅溪镇钱坑桥村'))
    await keyboard.press('Tab')
  }
  await keyboard.press('Enter')
  await page.waitForSelector('h2:has-text("齐全")')
  for (let i = 0; (await focus()).text !== '提交'; i++) {
    assert.ok(i < 120, 'Tab does not lead to handing in')
    await keyboard.press('Tab')
  }
  await keyboard.press('Enter')
  const number = (await (await page.waitForSelector('p.number')).innerText()).trim()
  const sheet = await printed(context, () => keyboard.press('p'))
  assert.ok((await sheet.innerText('body')).includes(number))
  await sheet.close()
  // And back at the list, to the case, and the desk locked.
  await page.goto(county.at[village] + '/cases')
  await page.waitForSelector(`table >> text="${number}"`)
  for (let i = 0; !(await page.locator('tr[aria-current]').allInnerTexts()).join().includes(number); i++) {
    assert.ok(i < 60, 'j does not lead to the case')
    await keyboard.press('j')
  }
  await keyboard.press('Enter')
  await page.waitForSelector('main >> text=办理经过')
  await keyboard.press('a')
  await page.waitForSelector('form.fill')
  await page.evaluate(() => document.activeElement.blur())
  await keyboard.press('l')
  await page.waitForSelector('[role=dialog]:has-text("已锁屏")')
  assert.deepEqual(wrong, [])
})

test('anybody can have a document verified', { timeout: 400_000 }, async () => {
  const context = await browser.newContext({ locale: 'zh-CN' })
  const page = await context.newPage()
  await page.goto(county.at['county-1'] + '/verify')
  await page.fill('#code', 'TB1:AEAQ')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=status] h2, [role=alert]')
  assert.ok(!(await page.isVisible('h2.genuine')))
  await context.close()
})

test('anybody can look up, read what is published and watch the hall', { timeout: 400_000 }, async () => {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1920, height: 1080 } })
  const page = await context.newPage()
  const base = county.at[village]
  await page.goto(base + '/lookup')
  await page.fill('#number', '330523110220-20260101-01-000001-0')
  await page.fill('#code', 'AAAAA-AAAAA')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=alert] >> text=number_mistyped')
  await page.goto(base + '/published')
  await page.waitForSelector('main h1')
  await page.goto(base + '/hall')
  // The walk's cases are of relief and health: no screen ever names them.
  await page.waitForSelector('.wall .none')
  assert.ok(!/甲乙丙|330599/.test(await page.innerText('.wall')))
  await context.close()
})

test('nobody who is not logged in sees a case', { timeout: 400_000 }, async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(county.at[village] + '/cases')
  await page.waitForSelector('#login')
  assert.ok(page.url().endsWith('/login?to=/cases'))
  await page.goto(county.at[village] + '/items')
  await page.waitForSelector('table a') // the guide is everybody's
  await context.close()
})
