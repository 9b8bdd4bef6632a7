// Applicants at home, the public, the kiosk and the hall, in a real browser
// against real processes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fit, logIn, village, watch } from './browser.mjs'
import { password } from './county.mjs'
import { answer, goThrough, photograph, sendFromHome } from './home.mjs'
import { browser, county } from './scene.mjs'
import { until } from './wait.mjs'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale: 'zh-CN' }

async function open(options = {}) {
  const context = await browser.newContext({ locale: 'zh-CN', ...options })
  const page = await context.newPage()
  return { context, page, wrong: watch(page) }
}

async function narrow(page, what) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${what} is wider than a phone`)
}

// Nothing personal is left where others, or the next visitor, could read it.
async function leavesNothing(page, personal) {
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, window.location.href]))
  for (const p of personal) assert.ok(!kept.includes(p), `${p} is kept: ${kept}`)
}

async function asResident(page) {
  await page.goto(county.at['county-1'] + '/welcome')
  await page.click('[data-as=applicant]')
  await page.waitForURL('**/my')
}

async function apply(page, code) {
  await page.goto(`${county.at['county-1']}/my/apply/${code}`)
  await goThrough(page)
}

test('somebody applies from a phone, is asked for more, brings it, and follows it to the end', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await open(phone)
  await asResident(page)
  await narrow(page, '/my')
  await page.click('main >> text=找事项并申请')
  await page.fill('#words', 'gljt') // first letters of the reading
  await page.waitForSelector('a.tile:has-text("高龄津贴")')
  await narrow(page, '/my/find')
  const link = await page.getAttribute('a.tile:has-text("高龄津贴")', 'href')
  await apply(page, link.split('/').pop())
  await page.waitForSelector('text=材料齐全')
  // What was typed survives a reload, and lies nowhere in the clear.
  await page.reload()
  await page.waitForSelector('text=材料齐全')
  await leavesNothing(page, ['13800000009', '梅溪镇钱坑桥村', '居民癸'])
  await narrow(page, 'check')
  await sendFromHome(page)
  const number = (await (await page.waitForSelector('.done .number')).innerText()).trim()
  await page.click('text="查看进度"')
  await page.waitForSelector('h2:has-text("办理经过")')
  await narrow(page, 'case')

  // The desk at which it lies asks for more.
  const desk = await open({ viewport: { width: 1366, height: 768 } })
  await logIn(desk.page, county.at[village], 'qiankengqiao')
  const api = (method, path, body) => desk.page.evaluate(async ([m, p, b]) => {
    const csrf = /tongban_csrf=([^;]*)/.exec(document.cookie)[1]
    const r = await fetch(p, { method: m, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': decodeURIComponent(csrf), 'Idempotency-Key': Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('') }, ...(b ? { body: JSON.stringify(b) } : {}) })
    return { status: r.status, body: await r.json() }
  }, [method, path, body])
  await desk.page.waitForFunction(async (n) => (await fetch('/api/v1/cases/' + n)).ok, number, { polling: 500 })
  const found = (await api('GET', '/api/v1/cases/' + number)).body
  const paper = found.materials[0].name
  const asked = await api('POST', `/api/v1/cases/${found.id ?? found.summary.id}/actions`, { kind: 'request_supplement', points: [{ material: paper, problem: 'unclear', how: '请重新拍照，字要能看清' }] })
  assert.equal(asked.status, 200, JSON.stringify(asked.body))

  await until('the case to ask for more', async () => {
    await page.reload()
    await page.waitForSelector('h2:has-text("办理经过")')
    return page.$('a:has-text("补交材料")')
  })
  await page.click('a:has-text("补交材料")')
  await page.waitForSelector('text=请重新拍照')
  await page.setInputFiles('input[type=file]', { name: '补拍.jpg', mimeType: 'image/jpeg', buffer: await photograph(page, 53) })
  await page.waitForSelector('.kept li')
  await page.click('text="提交补正"')
  await page.waitForSelector('h2:has-text("办理经过")')
  await page.waitForSelector('.steps-told >> text=补正')
  // The page says that it came, of what, and that it is the window's turn.
  await page.waitForSelector('.now:has-text("已补交，等窗口核对")')
  await page.waitForSelector('.came')
  await page.click('summary:has-text("我提交的内容")')
  await page.waitForSelector('.handed a:has-text("补拍.jpg")')
  await narrow(page, 'what was handed in')

  // The receipt opens as a page of its own.
  const [paper_] = await Promise.all([context.waitForEvent('page'), page.click('button.link:has-text("收件凭证")')])
  await paper_.waitForSelector('text=收件凭证')
  assert.ok((await paper_.innerText('body')).includes(number))
  await paper_.close()

  // What somebody was told about it is in their inbox.
  await page.goto(county.at['county-1'] + '/my/notices')
  await page.waitForSelector(`.steps-told >> text=${number}`)
  await narrow(page, 'notices')
  await page.fill('#email', 'resident@example.com')
  await page.click('form >> button[type=submit]')
  // The address waits for the code that was sent there.
  await page.waitForSelector('[role=status]:has-text("已向 resident@example.com 发送确认码")')
  await page.waitForSelector('h2:has-text("确认邮箱")')
  await page.goBack()
  await page.waitForSelector('h2:has-text("办理经过")')

  // A message, and a way back out.
  await page.click('text="给窗口留言"')
  await page.fill('#text', '材料已补')
  await page.click('form >> button[type=submit]')
  await page.waitForSelector('text=留言已送出')
  await page.click('text="撤回申请"')
  await page.fill('#text', '不再需要')
  await page.click('form >> button[type=submit]')
  await page.waitForSelector('text=已请求撤回')
  assert.deepEqual(wrong, [])
  await desk.context.close()
  await context.close()
})

test('a photograph is made smaller in the browser, and goes on where the line broke', { timeout: 400_000 }, async () => {
  const { page, context } = await open(phone)
  await asResident(page)
  await page.goto(county.at['county-1'] + '/my/find')
  await page.fill('#words', 'gljt')
  const link = await page.getAttribute('a.tile:has-text("高龄津贴")', 'href')
  await page.goto(county.at['county-1'] + link)
  await page.waitForSelector('form h1')
  const photo = await photograph(page, 59)
  for (let steps = 0; steps < 30 && !(await page.$('input[type=file]')); steps++) {
    await answer(page, photo)
    const before = await page.innerText('p.progress')
    await page.click('button[type=submit]')
    await page.waitForFunction((b) => document.querySelector('p.progress')?.textContent !== b, before)
  }
  let sent = 0, cut = true
  await page.route('**/api/v1/my/attachments/*', async (route) => {
    sent += route.request().postDataBuffer()?.length ?? 0
    // The first piece arrives, but the answer is lost on the way back.
    if (cut) {
      cut = false
      await route.fetch()
      return route.abort()
    }
    return route.continue()
  })
  await page.setInputFiles('input[type=file]', { name: '证件.jpg', mimeType: 'image/jpeg', buffer: photo })
  await page.click('text="重传"')
  await page.waitForSelector('.kept li')
  const size = Number(/(\d+) KB/.exec(await page.innerText('.kept li'))[1]) * 1024
  assert.ok(size < photo.length, `${size} of ${photo.length} bytes`)
  assert.ok(sent < size + 600 * 1024, `${sent} bytes were sent of ${size}: it began anew`)
  await context.close()
})

test('an account is given a one-time code and a new password', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await open(phone)
  await asResident(page)
  await page.goto(county.at['county-1'] + '/my/account')
  await page.click('text="启用登录动态码"')
  await page.waitForSelector('.secret')
  await narrow(page, 'account')
  await fit(page, 'account')
  await page.fill('#code', '000000')
  await page.fill('#pw', password)
  await page.click('form >> button[type=submit]')
  await page.waitForSelector('[role=alert] >> text=totp_wrong')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a visitor prints a notice at the kiosk with four touches, and leaves nothing behind', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await open({ viewport: { width: 1080, height: 1920 }, hasTouch: true })
  await context.addInitScript(() => {
    window.print = () => (document.title = 'printed')
    window.close = () => {}
  })
  const base = county.at[village]
  await page.goto(base + '/kiosk')
  await page.waitForSelector('.three button')
  assert.equal((await page.$$('.three button')).length, 3)
  await fit(page, 'kiosk')
  const address = page.url()
  const depth = await page.evaluate(() => history.length)
  // By what happened, four touches are enough.
  await page.tap('text="办事指南"')
  await page.waitForSelector('.lives button')
  await fit(page, 'the life events at the kiosk')
  await page.tap('.lives >> text="生育与养育"')
  await page.waitForSelector('.list button:has-text("残疾儿童康复救助")')
  await page.tap('text="重新开始"')
  await page.tap('text="办事指南"')
  await page.tap('text="按名称查找"')
  await page.tap('.pad >> text="G"')
  await page.waitForSelector('.list button')
  await page.tap('.list button >> nth=0')
  await page.waitForSelector('text="打印告知单"')
  const name = await page.innerText('.kiosk h2')
  const [sheet] = await Promise.all([context.waitForEvent('page'), page.tap('text="打印告知单"')])
  await sheet.waitForFunction(() => document.title === 'printed')
  assert.ok((await sheet.innerText('body')).includes(name.replace(/（.*/, '').slice(0, 4)))
  await sheet.close()
  // A code is typed by touch alone; what was typed is gone at the next start.
  await page.tap('text="重新开始"')
  await page.tap('text="查询进度"')
  for (const d of '33052311022020261123010000453') await page.tap(`.pad >> text="${d}"`)
  await page.waitForSelector('.box:has-text("330523110220-20261123-01-000045-3")')
  await page.tap('.box >> nth=1')
  for (const c of 'PSR5QPGNN6') await page.tap(`.pad >> text="${c}"`)
  await page.tap('.go')
  await page.waitForSelector('[role=alert] >> text=lookup_failed')
  await leavesNothing(page, ['330523110220', 'PSR5Q'])
  // Nobody touches it any more: it asks, counts down and starts anew.
  await page.evaluate(() => {
    const real = Date.now
    const from = real()
    Date.now = () => real() + Math.min((real() - from) * 20, 50_000)
  })
  await page.waitForSelector('[role=alertdialog] >> text=秒后重新开始')
  await page.evaluate(() => {
    const now = Date.now()
    Date.now = () => now + 60_000
  })
  await page.waitForSelector('.three button')
  await page.tap('text="查询进度"')
  assert.ok(!(await page.innerText('.fields')).includes('330523'))
  assert.equal(page.url(), address)
  assert.equal(await page.evaluate(() => history.length), depth)
  assert.deepEqual(await page.$$eval('input, textarea', (all) => all.length), 0, 'a field could remember')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('the first page is usable over a line like 3G', { timeout: 400_000 }, async () => {
  // How long this machine takes without such a line is not the page's fault.
  const load = async (network) => {
    const { page, context } = await open(phone)
    const line = await context.newCDPSession(page)
    await line.send('Network.enable')
    if (network) await line.send('Network.emulateNetworkConditions', network)
    const began = Date.now()
    await page.goto(county.at['county-1'] + '/my/login', { waitUntil: 'commit' })
    await page.fill('#my-number', '1')
    const took = Date.now() - began
    await context.close()
    return took
  }
  const near = await load()
  const far = await load({ offline: false, latency: 300, downloadThroughput: (400 * 1024) / 8, uploadThroughput: (200 * 1024) / 8 })
  assert.ok(far < 10_000 + 3 * near, `usable after ${far} ms, without the line ${near} ms`)
})

test('a demonstration lets one in with a click, and says what it is', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await open({ viewport: { width: 1366, height: 768 } })
  await page.goto(county.at['county-1'] + '/')
  await page.waitForSelector('.demoBox >> text=这是演示环境')
  await page.click('[data-as=village_worker]')
  await page.waitForSelector('nav >> text=办件')
  assert.equal(new URL(page.url()).origin, county.at[village])
  assert.ok(!page.url().includes('as='))
  assert.deepEqual(wrong, [])
  await context.close()
})
