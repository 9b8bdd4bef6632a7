// What the browser tests share: a browser, people at their desks, and what they
// do there again and again.
import assert from 'node:assert/strict'
import AxeBuilder from '@axe-core/playwright'
import { chromium } from 'playwright-core'
import { password } from './county.mjs'

export const village = 'village-330523110220'
export const township = 'township-330523110'
export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const args = ['--no-sandbox']

export const openBrowser = () => chromium.launch({ executablePath, args })

/** A browser with a profile of its own on the disk, which outlives it. */
export const openProfile = (dir, options = {}) => chromium.launchPersistentContext(dir, { executablePath, args, viewport: { width: 1366, height: 768 }, locale: 'zh-CN', ...options })

export async function logIn(page, base, login) {
  await page.goto(base + '/login')
  await page.fill('#login', login)
  await page.fill('#password', password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('nav')
}

/**
 * Somebody at a desk. Whatever a page complains about in its console is in
 * `wrong`, but for the answers that a test is about.
 */
export async function desk(browser, base, login, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN', ...options })
  // A real dialogue of the printer would wait for somebody.
  await context.addInitScript(() => {
    window.print = () => (window.printed = (window.printed ?? 0) + 1)
  })
  const page = await context.newPage()
  const wrong = watch(page)
  await logIn(page, base, login)
  return { page, context, wrong }
}

export function watch(page) {
  const wrong = []
  page.on('pageerror', (e) => wrong.push(String(e)))
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (401|409|422)/.test(m.text())) wrong.push(m.text())
  })
  return wrong
}

/** The page is fit for everybody (WCAG 2.1 AA). */
export async function fit(page, what) {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze()
  assert.deepEqual(violations.map((v) => `${what}: ${v.id} ${v.nodes.map((n) => n.target).slice(0, 3)}`), [])
}

export const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64')

export async function fillIn(page, name = '甲乙丙', id = '33059919850412005X') {
  await page.fill('#a-name', name)
  await page.fill('#a-id', id)
  await page.fill('#a-phone', '13800000000')
  for (const input of await page.$$('form .field input[id^="f-"], form .field textarea')) {
    if ((await input.getAttribute('type')) === 'date') await input.fill('1935-04-12')
    else await input.fill(/account|card/.test((await input.getAttribute('id')) ?? '') ? '6222020000000000001' : '梅溪镇钱坑桥村')
  }
  for (const select of await page.$$('form .field select[id^="f-"]')) await select.selectOption({ index: 1 })
}

/** Everything is brought as the item asks; one paper is scanned. */
export async function bring(page) {
  for (const paper of await page.$$('fieldset.paper')) {
    const asks = await paper.innerText()
    await (await paper.$(`input[value="${/原件和复印件 ×/.test(asks) ? 'both' : /复印件 ×/.test(asks) ? 'copy' : 'original'}"]`)).check()
  }
  await page.setInputFiles('fieldset.paper >> nth=0 >> input[type=file]', { name: '申请表.png', mimeType: 'image/png', buffer: png })
  await page.waitForSelector('fieldset.paper li:has-text("移除")')
}

export async function openForm(page, base, words, name) {
  await page.goto(base + '/items')
  await page.fill('#words', words)
  await page.click(`table >> text="${name}"`)
  await page.click('main a >> button:has-text("收件")')
  await page.waitForSelector('#a-name')
}

export async function send(page) {
  await page.click('text="检查"')
  await page.waitForSelector('h2:has-text("齐全")')
  await page.click('button:has-text("提交")')
  return (await (await page.waitForSelector('p.number')).innerText()).trim()
}

/** Takes a case in as somebody does who has all the papers, and gives its number. */
export async function handIn(page, base, words, name) {
  await openForm(page, base, words, name)
  await fillIn(page)
  await bring(page)
  return send(page)
}

/** Opens a case where it may still have to arrive; the list shows it by itself. */
export async function openCase(page, base, number) {
  await page.goto(base + '/cases')
  await page.fill('#number', number)
  await page.keyboard.press('Enter')
  await page.click(`table >> text="${number}"`, { timeout: 45_000 })
  await page.waitForSelector('main >> text=办理经过')
}

/** Does what a case asks of somebody, on its page. */
export async function act(page, action, fill = async () => {}) {
  await page.click(`section[aria-label] >> button:has-text("${action}")`, { timeout: 45_000 })
  await fill(page)
  await page.click('form.fill >> button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已记录")')
}

/** What the print window shows after a click or a key. */
export async function printed(context, ask) {
  const before = context.pages().find((p) => p.url() === 'about:blank' && !p.isClosed())
  const [sheet] = await Promise.all([before ?? context.waitForEvent('page'), ask()])
  await sheet.waitForFunction(() => document.querySelector('main h1') && window.printed)
  return sheet
}
