// The day of a village worker and of a township clerk, with the line cut in the
// middle and their node gone while a form is open.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { act, bring, desk, fillIn, fit, handIn, logIn, openCase, openForm, openProfile, png, printed, send, township, village, watch } from './browser.mjs'
import { codeOn, onPaper, photoOf } from './paper.mjs'
import { program, takeIn } from './program.mjs'
import { browser, county } from './scene.mjs'

// The village whose line is cut and whose node is killed: no other file looks at
// it, so that files may run at the same time.
const other = 'village-330523110221'

test('a village worker finds an item, takes it in, prints the receipt with one key and takes it up', { timeout: 400_000 }, async () => {
  const base = county.at[village]
  const { page, context, wrong } = await desk(browser, base, 'qiankengqiao')
  await page.click('nav >> text=事项')
  await page.fill('#words', 'gljt') // first letters of the reading
  await page.click('table >> text="高龄津贴"')
  await page.click('main a >> button:has-text("收件")')
  await page.fill('#a-id', '330599198504120051')
  await page.click('#a-name')
  await page.waitForSelector('text=身份证号码有误')
  await page.click('text="检查"')
  await page.waitForSelector('h2:has-text("还缺")')
  assert.ok(!(await page.isVisible('button:has-text("提交")')), 'what is not complete can be handed in unseen')
  const number = await handIn(page, base, '高龄津贴', '高龄津贴')
  assert.match(number, /^330523110220-\d{8}-\d{2}-\d{6}-\d$/)

  let sheet = await printed(context, () => page.keyboard.press('p'))
  const paper = await onPaper(sheet)
  assert.equal(paper.pages, 1, paper.text)
  for (const words of ['收件凭证', number, '甲乙丙', '收件不等于受理']) assert.ok(paper.text.includes(words), `the paper lacks ${words}: ${paper.text.slice(0, 400)}`)
  assert.ok(!/查阅件|补打|锁屏/.test(paper.text), 'a first copy is marked, or the page is printed with it')
  const code = await codeOn(sheet)
  const report = await (await fetch(base + '/api/v1/verify', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code }) })).json()
  assert.deepEqual([report.verdict, report.case?.replace(/\D/g, '')], ['genuine', number.replace(/\D/g, '')])
  // A photograph of the sheet is enough, in a browser that reads no codes by itself.
  const anybody = await context.newPage()
  await anybody.goto(base + '/verify')
  assert.ok(!(await anybody.evaluate(() => 'BarcodeDetector' in window)))
  await anybody.setInputFiles('#photo', { name: '凭证.jpg', mimeType: 'image/jpeg', buffer: await photoOf(sheet) })
  await anybody.waitForSelector('h2.genuine')
  await anybody.setInputFiles('#photo', { name: '空白.png', mimeType: 'image/png', buffer: png })
  await anybody.waitForSelector('[role=alert]:has-text("没有认出")')
  await anybody.goto(base + '/lookup')
  await anybody.setInputFiles('#photo', { name: '凭证.jpg', mimeType: 'image/jpeg', buffer: await photoOf(sheet) })
  await anybody.waitForFunction((n) => document.querySelector('#number').value.replace(/\D/g, '') === n, number.replace(/\D/g, ''))
  await anybody.close()
  sheet = await printed(context, () => page.keyboard.press('p'))
  await sheet.waitForSelector('text=补打')

  await page.click('text="查看办件"')
  await page.waitForSelector('main >> text=办理经过')
  const text = await page.innerText('main')
  assert.ok(text.includes(number) && !text.includes('33059919850412005X'), 'an ID number is shown unasked')
  await page.click('text=显示完整信息')
  await page.click('.asking >> text="核对身份"')
  await page.click('.asking >> button[type=submit]')
  await page.waitForSelector('dd:has-text("33059919850412005X")')
  await act(page, '受理')
  await page.waitForSelector('.head >> text=已受理')
  assert.deepEqual(wrong, [])

  // With the receipt in hand, and no login: where it is, what was good, what was not.
  const lookup = /查询码\s*([0-9A-Z]{5}-[0-9A-Z]{5})/.exec(await sheet.innerText('body'))[1]
  const outside = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' })
  const phone = await outside.newPage()
  const complaints = watch(phone)
  await phone.goto(base + '/lookup')
  await phone.fill('#number', number)
  await phone.fill('#code', lookup)
  await phone.keyboard.press('Enter')
  await phone.waitForSelector('section[role=status]:has-text("高龄津贴"):has-text("已受理")')
  assert.ok(!(await phone.innerText('main')).includes('甲乙丙'), 'the look-up names the applicant')
  await phone.goto(base + '/rate')
  await phone.fill('#number', number)
  await phone.fill('#code', lookup)
  await phone.check('input[name=grade] >> nth=0')
  await phone.click('form >> button[type=submit]')
  await phone.waitForSelector('[role=status] h1')
  await phone.goto(base + '/complain')
  await phone.fill('#text', '窗口中午没有人')
  await phone.fill('#number', number)
  await phone.click('form >> button[type=submit]')
  await phone.waitForSelector('[role=status] .number')
  assert.deepEqual(complaints, [])
  await context.close()
})

test('with the line cut the village goes on, and says at every moment how far it is', { timeout: 400_000 }, async () => {
  const base = county.at[other]
  const { page, context, wrong } = await desk(browser, base, 'wukangqiao')
  await openForm(page, base, '高龄津贴', '高龄津贴')
  await fillIn(page, '丁戊己')
  await county.cut(other)
  try {
    await page.waitForSelector('header .sign.down:has-text("截至")') // how old the catalog is
    await bring(page)
    const number = await send(page)
    await page.waitForSelector('main >> text=已存本机')
    await page.waitForSelector('header .sign:has-text("待上报")')
    // The sign leads to what is on its way, each with how far it has come.
    const list = await context.newPage()
    await list.goto(base + '/line')
    await list.waitForSelector(`tr:has-text("${number}") li.is:has-text("已存本机")`)
    await list.waitForSelector(`tr:has-text("${number}") >> text=0 / 1 已到县中心`)
    assert.equal(await list.locator(`tr:has-text("${number}") li.is`).count(), 1, 'it is said to be further than it is')
    await fit(list, 'what is on its way')
    await list.close()
    await page.click('text="查看办件"')
    await page.waitForSelector('.head >> text=已存本机')
    await county.heal(other)
    // The page is told: nobody reloads it.
    await page.waitForSelector('.head >> text=/已到县中心|已接办/')
    await page.waitForSelector('header .sign.up')
    assert.ok(number)
  } finally {
    await county.heal(other)
  }
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a node that is killed and a browser that is killed lose nothing of an open form', { timeout: 400_000 }, async () => {
  const base = county.at[other]
  const profile = mkdtempSync(join(tmpdir(), 'tongban-profile-'))
  let context = await openProfile(profile)
  try {
    let page = context.pages()[0] ?? (await context.newPage())
    await logIn(page, base, 'wukangqiao')
    await openForm(page, base, '门诊慢特病', '门诊慢特病病种待遇认定')
    await fillIn(page, '庚辛壬')
    await county.kill(other)
    await page.waitForSelector('header .sign.silent')
    await page.fill('#a-phone', '13900000000') // typed while nobody is there to take it
    await page.click('text="检查"')
    await page.waitForSelector('[role=alert]:has-text("没有应答")')
    const kept = await page.evaluate(() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)]))
    assert.ok(!/庚辛壬|33059919850412005X|13900000000/.test(kept), 'personal data lies in clear storage')
    await context.close() // and the browser goes too
    await county.start(other)
    context = await openProfile(profile)
    page = context.pages()[0] ?? (await context.newPage())
    await page.goto(base + '/')
    await page.waitForSelector('nav, #login')
    if (await page.isVisible('#login')) await logIn(page, base, 'wukangqiao')
    await page.click('section.drafts li:has-text("门诊慢特病病种待遇认定"):has-text("庚**") >> text="接着填"')
    await page.waitForFunction(() => document.querySelector('#a-name')?.value === '庚辛壬' && document.querySelector('#a-phone')?.value === '13900000000')
    // Another login at the same desk sees nothing of it.
    await page.click('text="退出"')
    await page.waitForSelector('#login')
    assert.ok(!(await page.content()).includes('庚辛壬'))
  } finally {
    await county.start(other)
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  }
})

test('paper goes from the village to the township on a list made by scanning', { timeout: 400_000 }, async () => {
  const base = county.at[village]
  const worker = await desk(browser, base, 'qiankengqiao')
  const number = await handIn(worker.page, base, '门诊慢特病', '门诊慢特病病种待遇认定')
  const sheet = await printed(worker.context, () => worker.page.keyboard.press('p'))
  const code = await codeOn(sheet)
  await worker.page.goto(base + '/custody')
  await worker.page.fill('#scan', code)
  await worker.page.keyboard.press('Enter') // a scanner does
  await worker.page.waitForSelector(`.cases >> text=${number}`)
  await worker.page.fill('#scan', number)
  await worker.page.keyboard.press('Enter')
  await worker.page.waitForSelector('text=已在单上')
  await worker.page.click('button:has-text("移交")')
  const list = /交接单 (\S+)/.exec(await (await worker.page.waitForSelector('[role=status]:has-text("已移交")')).innerText())[1]
  const printedList = await printed(worker.context, async () => {
    await worker.page.click(`details:has-text("${list}") >> summary`)
    await worker.page.click(`details:has-text("${list}") >> text=打印交接单`)
  })
  assert.ok((await printedList.innerText('body')).includes(number))
  const clerk = await desk(browser, county.at[township], 'meixi-chuangkou')
  await clerk.page.click('nav >> text=纸质交接')
  await clerk.page.click(`details:has-text("${list}") >> summary`)
  await clerk.page.click(`details:has-text("${list}") >> button:has-text("签收")`)
  await clerk.page.click('button:has-text("确认")')
  await clerk.page.click('label:has-text("全部")')
  await clerk.page.waitForSelector(`details:has-text("${list}"):has-text("已全部签收")`)
  await openCase(clerk.page, county.at[township], number)
  await clerk.page.waitForSelector('section:has-text("纸质材料在谁手里") td:has-text("梅溪镇")')
  assert.deepEqual([...worker.wrong, ...clerk.wrong], [])
  await worker.context.close()
  await clerk.context.close()
})

test('a desk that nobody touches locks itself, and the same person goes on over it', { timeout: 400_000 }, async () => {
  const base = county.at[village]
  const { page, context } = await desk(browser, base, 'qiankengqiao')
  await openForm(page, base, '高龄津贴', '高龄津贴')
  await page.fill('#a-name', '丁戊己')
  await page.click('text="锁屏"')
  await page.waitForSelector('[role=dialog]:has-text("已锁屏")')
  assert.ok(!(await page.isVisible('#a-name')), 'what was typed can be read over the shoulder')
  await page.fill('[role=dialog] #password', 'Demo-tongban-2026')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=dialog]', { state: 'detached' })
  assert.equal(await page.inputValue('#a-name'), '丁戊己')
  await context.close()
})

test('the hall display goes on by itself after its node was restarted', { timeout: 400_000 }, async () => {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: 'zh-CN' })
  const page = await context.newPage()
  await page.goto(county.at[other] + '/hall')
  await page.waitForSelector('.age')
  // A case that the law publishes is there by itself: its number but for county and
  // year, its item, and no name.
  const { case: made } = await takeIn(await program(county.at[other], 'wukangqiao'), 'TB-LYJ-001')
  const row = `tbody tr:has-text("${made.number.slice(6, 13) + made.number.slice(17)}"):has-text("林木采伐许可"):has-text("已收件")`
  await page.waitForSelector(row)
  assert.ok(!/甲乙丙|330599/.test(await page.innerText('.wall')))
  await fit(page, 'hall')
  assert.ok(await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector('.wall')).fontSize) >= 30), 'too small for a wall')
  await county.kill(other)
  await page.waitForSelector('.lost')
  await page.waitForFunction(() => document.querySelector('.lost')?.textContent.includes('的情况'))
  await county.start(other)
  await page.waitForSelector('.lost', { state: 'detached' })
  await page.waitForSelector('.age')
  await page.waitForSelector(row)
  await context.close()
})
