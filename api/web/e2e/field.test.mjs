// A worker out of reach of the node, and the encrypted address that the phone
// reaches it by, in a real browser against real processes.
import assert from 'node:assert/strict'
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fit, logIn, openProfile, png } from './browser.mjs'
import { password } from './county.mjs'
import { browser, county } from './scene.mjs'
import { until, within } from './wait.mjs'

// A village of this file's own: it counts what was handed in there.
const village = 'village-330523111218'
const phone = { viewport: { width: 390, height: 844 }, locale: 'zh-CN' }
const profile = mkdtempSync(join(tmpdir(), 'tongban-device-'))

after(() => rmSync(profile, { recursive: true, force: true }))

async function take() {
  const context = await openProfile(profile, phone)
  const page = context.pages()[0] ?? (await context.newPage())
  page.on('dialog', (d) => d.accept())
  return { context, page }
}

// drop ends the browser as an empty battery does.
async function drop(context) {
  const pid = Number(readlinkSync(join(profile, 'SingletonLock')).split('-').pop())
  const closed = new Promise((done) => context.once('close', done))
  process.kill(pid, 'SIGKILL')
  await within('the browser to be gone', closed)
  rmSync(join(profile, 'SingletonLock'), { force: true })
}

const personal = ['外出甲', '33059919850412005X', '13800000000', '梅溪镇某村']

// everything is all that the browser keeps, as whoever finds the device reads it.
const everything = (page) => page.evaluate(async () => {
  const text = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), location.href]
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done, fail) => Object.assign(indexedDB.open(name), { onsuccess: (e) => done(e.target.result), onerror: fail }))
    for (const s of db.objectStoreNames) {
      const rows = await new Promise((done) => (db.transaction(s).objectStore(s).getAll().onsuccess = (e) => done(e.target.result)))
      for (const r of rows) text.push(JSON.stringify(r, (_, v) => (v instanceof Uint8Array ? new TextDecoder().decode(v) : v)))
    }
    db.close()
  }
  return text.join('\n')
})

async function unlock(page) {
  await page.goto(county.at[village] + '/field')
  await page.fill('#open', password)
  await page.click('form:has(#open) button')
  await page.waitForSelector('#words')
}

test('a worker takes a case in out of reach; the browser is killed; it is handed in once when back', { timeout: 400_000 }, async () => {
  let { context, page } = await take()
  await page.goto(county.at[village] + '/field')
  await page.fill('#login', 'wuzhi')
  await page.fill('#password', password)
  await page.keyboard.press('Enter')
  await page.fill('#name', '平板一')
  await page.fill('#pw', password)
  await page.click('main form button.big')
  await page.waitForSelector('#words', { timeout: 120_000 })
  await page.evaluate(() => navigator.serviceWorker.ready)
  await fit(page, 'a device that is ready')
  const count = () => page.evaluate(async () => (await (await fetch('/api/v1/cases?limit=100')).json()).cases.length)
  const before = await count()

  // Out of reach: the page is opened anew, from what the device keeps.
  await context.setOffline(true)
  await unlock(page)
  await page.waitForSelector('text=连不上本站')
  await page.fill('#words', 'gljt') // first letters of the reading
  await page.click('a.tile:has-text("高龄津贴")')
  await page.fill('#a-name', personal[0])
  await page.fill('#a-id', personal[1])
  await page.fill('#a-phone', personal[2])
  for (const input of await page.$$('form .field input[id^="f-"], form .field textarea')) {
    if ((await input.getAttribute('type')) === 'date') await input.fill('1935-04-12')
    else await input.fill(/account|card/.test((await input.getAttribute('id')) ?? '') ? '6222020000000000001' : personal[3])
  }
  for (const select of await page.$$('form .field select')) await select.selectOption({ index: 1 })
  for (const p of await page.$$('fieldset.paper')) {
    const asks = await p.innerText()
    await (await p.$(`input[value="${/原件和复印件 \d/.test(asks) ? 'both' : /复印件 \d/.test(asks) ? 'copy' : 'original'}"]`)).check()
  }
  await page.setInputFiles('#photo-0', { name: '申请表.png', mimeType: 'image/png', buffer: png })
  await page.waitForSelector('.kept li')
  await page.waitForSelector('text=已保存在这台设备')
  await page.click('form button.big[type=submit]')
  await page.waitForSelector('[data-state=queued]')
  const kept = await everything(page)
  for (const p of personal) assert.ok(!kept.includes(p), `${p} lies on the device in the clear`)

  // The battery is empty. Opened again, still out of reach, it is all there.
  // What the browser had not yet written down of its local storage goes with it.
  await page.evaluate(() => localStorage.clear())
  await drop(context)
  ;({ context, page } = await take())
  await context.setOffline(true)
  await page.goto(county.at[village] + '/field')
  await page.waitForSelector('#open')
  await page.fill('#open', 'not-the-password-2026')
  await page.click('form:has(#open) button')
  await page.waitForSelector('[role=alert] >> text=密码不对')
  await unlock(page)
  await page.waitForSelector('[data-state=queued] >> text=高龄津贴')

  // Back: the first answer is lost on the way, and it still happens once.
  let tries = 0
  await context.route('**/api/v1/cases', async (route) => {
    if (route.request().method() !== 'POST' || ++tries > 1) return route.continue()
    await route.fetch()
    return route.abort()
  })
  await context.setOffline(false)
  await page.waitForSelector('text=已连上本站')
  // Whether the login outlived the battery is the browser's affair.
  await page.waitForSelector('main #login, [data-state=handed_in]')
  if (await page.$('main #login')) {
    await page.fill('#login', 'wuzhi')
    await page.fill('#password', password)
    await page.keyboard.press('Enter')
  }
  await page.waitForSelector('[data-state=handed_in]')
  assert.ok(tries >= 2, 'the first try was not lost')
  assert.match(await page.innerText('[data-state=handed_in]'), /330523111218-\d{8}-\d{2}-\d{6}-\d/)
  assert.equal(await count(), before + 1, 'it was not handed in exactly once')
  assert.ok(!(await page.innerText('main')).includes(personal[0]), 'the applicant stays on the device')

  // The device is lost and revoked from elsewhere: it wipes at its next contact.
  const other = await browser.newContext({ locale: 'zh-CN' })
  const desk = await other.newPage()
  desk.on('dialog', (d) => d.accept())
  await logIn(desk, county.at[village], 'wuzhi')
  await desk.goto(county.at[village] + '/field')
  await desk.click('li:has-text("平板一") >> text=注销')
  await desk.waitForURL('**/login')
  await other.close()
  await page.waitForURL('**/login?device=revoked')
  await page.waitForSelector('text=这台设备已被停用')
  const left = await page.evaluate(async () => [localStorage.getItem('tongban-device'), (await caches.keys()).filter((k) => k.startsWith('tongban')).length, (await navigator.serviceWorker.getRegistrations()).length])
  assert.deepEqual(left, [null, 0, 0])
  assert.ok(!(await everything(page)).includes('device/'), 'what it held is there still')
  await context.close()
})

const get = (url, options) => new Promise((done, fail) => {
  https.get(url, options, (r) => {
    const parts = []
    r.on('data', (b) => parts.push(b))
    r.on('end', () => done({ status: r.statusCode, headers: r.headers, text: Buffer.concat(parts).toString() }))
  }).on('error', fail)
})

test('a phone that trusts the county reaches its node over https, and nobody else is trusted for it', { timeout: 400_000 }, async () => {
  const base = county.at[village]
  const lan = await until('an encrypted address', async () => {
    const told = await (await fetch(base + '/api/v1/lan')).json()
    return told.addresses?.length && told
  })
  const file = await fetch(base + '/api/v1/lan/ca.crt')
  assert.equal(file.headers.get('content-type'), 'application/x-x509-ca-cert')
  const der = Buffer.from(await file.arrayBuffer())
  const ca = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
  await assert.rejects(get(lan.addresses[0] + '/api/v1/node'))
  const page = await get(lan.addresses[0] + '/trust', { ca })
  assert.equal(page.status, 200)
  assert.match(page.headers['content-security-policy'], /default-src 'self'/)
  const node = JSON.parse((await get(lan.addresses[0] + '/api/v1/node', { ca })).text)
  assert.equal(node.division, '330523111218')
  const p = await (await browser.newContext({ locale: 'zh-CN', viewport: { width: 390, height: 844 } })).newPage()
  await p.goto(base + '/trust')
  await p.waitForSelector(`text=${lan.fingerprint}`)
  assert.ok(await p.evaluate(async () => { const i = document.querySelector('img'); await i.decode(); return i.naturalWidth > 100 }))
})
