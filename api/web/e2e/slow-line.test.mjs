// A village worker between whom and the node is a line like 3G: the day begins, and a
// case is handed in with a photograph that goes on where the line broke.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bring, desk, fillIn, openForm, png, send, village } from './browser.mjs'
import { photograph } from './home.mjs'
import { browser, county } from './scene.mjs'

// 400 kbit/s down, 200 up, 300 ms.
const slow = { offline: false, latency: 300, downloadThroughput: (400 * 1024) / 8, uploadThroughput: (200 * 1024) / 8 }

async function begin(network) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' })
  const page = await context.newPage()
  const line = await context.newCDPSession(page)
  await line.send('Network.enable')
  if (network) await line.send('Network.emulateNetworkConditions', network)
  const began = Date.now()
  await page.goto(county.at[village] + '/login', { waitUntil: 'commit' })
  await page.fill('#login', 'qiankengqiao')
  const usable = Date.now() - began
  await context.close()
  return usable
}

test('the day begins over a line like 3G, and a photograph goes on where the line broke', { timeout: 400_000 }, async () => {
  const near = await begin()
  const far = await begin(slow)
  assert.ok(far < 15_000 + 3 * near, `the login is usable after ${far} ms, without the line ${near} ms`)

  const base = county.at[village]
  const { page, context, wrong } = await desk(browser, base, 'qiankengqiao')
  const line = await context.newCDPSession(page)
  await line.send('Network.enable')
  await line.send('Network.emulateNetworkConditions', slow)
  await page.goto(base + '/')
  await page.waitForSelector('main h1:has-text("今日")')
  await page.waitForSelector('.el-skeleton', { state: 'detached' })
  await openForm(page, base, 'gljt', '高龄津贴')
  await fillIn(page)
  await bring(page)

  const photo = await photograph(page, 61)
  let sent = 0
  let cut = true
  await page.route('**/api/v1/attachments/*', async (route) => {
    sent += route.request().postDataBuffer()?.length ?? 0
    if (!cut) return route.continue()
    // The first piece arrives, but the answer is lost on the way back.
    cut = false
    await route.fetch()
    return route.abort()
  })
  const paper = page.locator('fieldset.paper').nth(1)
  await paper.locator('input[type=file]').setInputFiles({ name: '证件.jpg', mimeType: 'image/jpeg', buffer: photo })
  // How far it is can be seen, and while it is under way somebody goes on typing.
  await paper.locator('progress').waitFor()
  await page.fill('#a-phone', '13800000003')
  await paper.locator('text="重传"').click()
  await paper.locator('li:has-text("证件"):has-text("KB")').waitFor()
  const size = Number(/(\d+) KB/.exec(await paper.locator('li:has-text("证件")').innerText())[1]) * 1024
  assert.ok(size > png.length && size < photo.length, `${size} of ${photo.length} bytes`)
  assert.ok(sent < size + 600 * 1024, `${sent} bytes were sent of ${size}: it began anew`)
  assert.equal(await page.inputValue('#a-phone'), '13800000003')
  assert.match(await send(page), /^\d{12}-/)
  await page.waitForSelector('main >> text=/已存本机|已到/')
  assert.deepEqual(wrong.filter((w) => !/ERR_FAILED/.test(w)), [])
  await context.close()
})
