// What comes over the line until a page can be used for the first time, compressed as
// it is sent. The figures stand in docs/pages.md: E2E_UPDATE=1 writes them there, else
// they have to be true.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { logIn, village } from './browser.mjs'
import { browser, county } from './scene.mjs'

const most = 400
const near = 30 // by how much a figure may be off: what a node answers is not always as long
const doc = resolve('../../docs/pages.md')

async function measured(options, go) {
  const context = await browser.newContext({ locale: 'zh-CN', ...options })
  const page = await context.newPage()
  const network = await context.newCDPSession(page)
  await network.send('Network.enable')
  let bytes = 0
  network.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength))
  await go(page)
  await context.close()
  assert.ok(bytes > 50_000, `only ${bytes} bytes were counted`)
  return Math.ceil(bytes / 1024)
}

const wide = { viewport: { width: 1366, height: 768 } }
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const first = {
  'A desk, from the login to *Today*': [wide, async (page) => {
    await logIn(page, county.at[village], 'qiankengqiao')
    await page.waitForSelector('main h1')
    await page.waitForSelector('.el-skeleton', { state: 'detached' })
    await page.waitForLoadState('networkidle').catch(() => {}) // a page with a stream is never idle
  }],
  'An applicant on a phone, from the welcome to their own page': [phone, async (page) => {
    await page.goto(county.at['county-1'] + '/welcome')
    await page.click('[data-as=applicant]')
    await page.waitForURL('**/my')
    await page.waitForSelector('main h1')
    await page.waitForLoadState('networkidle')
  }],
  'The hall': [wide, async (page) => {
    await page.goto(county.at[village] + '/hall')
    await page.waitForSelector('.age')
  }],
}

test('the first load of each kind of page is under 400 KB and as docs/pages.md has it', { timeout: 400_000 }, async () => {
  let text = readFileSync(doc, 'utf8')
  const faults = []
  for (const [what, [options, go]] of Object.entries(first)) {
    const kb = await measured(options, go)
    console.log(`${what}: ${kb} KB`)
    assert.ok(kb < most, `${what}: ${kb} KB`)
    const line = new RegExp(`^(\\| ${what.replace(/[*.]/g, '\\$&')} \\| )(\\d+)( KB \\|)$`, 'm')
    const written = line.exec(text)
    if (process.env.E2E_UPDATE) text = text.replace(line, `$1${kb}$3`)
    if (!written || (!process.env.E2E_UPDATE && Math.abs(written[2] - kb) > near)) faults.push(`${what}: ${kb} KB, docs/pages.md says ${written?.[2]}; E2E_UPDATE=1 writes it`)
  }
  if (process.env.E2E_UPDATE) writeFileSync(doc, text)
  assert.deepEqual(faults, [])
})
