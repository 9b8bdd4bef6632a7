// What the browser tests share: a browser, people at their desks, and what they
// do there again and again.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach } from 'node:test'
import AxeBuilder from '@axe-core/playwright'
import { chromium } from 'playwright-core'
import { password } from './county.mjs'
import { patience, within } from './wait.mjs'

export const village = 'village-330523110220'
export const township = 'township-330523110'
export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const args = ['--no-sandbox']

export const openBrowser = async () => watched(await chromium.launch({ executablePath, args }))

/** A browser with a profile of its own on the disk, which outlives it. */
export async function openProfile(dir, options = {}) {
  const context = await chromium.launchPersistentContext(dir, { executablePath, args, viewport: { width: 1366, height: 768 }, locale: 'zh-CN', ...options })
  return noted(context)
}

// Everything that is open in this file's browsers, with what its pages said in
// their consoles; and what a page tried that its policy forbids.
const open = new Map()
const forbidden = []

// What old desks' Chromium 86 has not, nor a page that comes over plain http: no
// page of ours may need it, so no test has it.
function older() {
  const none = (of, ...names) => of && names.forEach((n) => Reflect.deleteProperty(of, n))
  none(Object, 'hasOwn', 'groupBy')
  none(Array, 'fromAsync')
  none(Array.prototype, 'at', 'findLast', 'findLastIndex', 'toReversed', 'toSorted', 'toSpliced', 'with')
  none(Object.getPrototypeOf(Uint8Array.prototype), 'at', 'findLast', 'toReversed', 'toSorted', 'with')
  none(Uint8Array, 'fromBase64', 'fromHex')
  none(Uint8Array.prototype, 'toBase64', 'toHex')
  none(String.prototype, 'at', 'isWellFormed', 'toWellFormed')
  none(Map, 'groupBy')
  none(Set.prototype, 'union', 'intersection', 'difference', 'isSubsetOf')
  none(Promise, 'withResolvers', 'try')
  none(Intl, 'Segmenter', 'supportedValuesOf', 'DurationFormat')
  none(URL, 'canParse', 'parse')
  none(AbortSignal, 'timeout', 'any', 'abort')
  none(Element.prototype, 'checkVisibility', 'setHTMLUnsafe')
  none(HTMLElement.prototype, 'showPopover', 'hidePopover', 'togglePopover')
  none(HTMLInputElement.prototype, 'showPicker')
  none(Crypto.prototype, 'randomUUID', 'subtle')
  none(window, 'structuredClone', 'reportError', 'scheduler', 'navigation', 'Iterator')
  none(Navigator.prototype, 'userAgentData')
}

function noted(context) {
  const said = []
  context.setDefaultTimeout(patience)
  void context.addInitScript(older)
  context.on('console', (m) => {
    const line = `${m.type()} ${m.page()?.url() ?? ''} ${m.text()}`
    said.push(line)
    if (/content.security.policy/i.test(line)) forbidden.push(line)
  })
  context.on('weberror', (e) => said.push(`uncaught ${e.page()?.url() ?? ''} ${e.error().stack}`))
  context.once('close', () => open.delete(context))
  open.set(context, said)
  return context
}

function watched(browser) {
  const plain = browser.newContext.bind(browser)
  browser.newContext = async (options) => noted(await plain(options))
  return browser
}

// After each test its windows are closed; of one that failed, what was to be
// seen is kept: a picture, the text and the console of every page.
const folder = process.env.E2E_KEEP
afterEach(async (t) => {
  const left = [...open.keys()]
  try {
    if (t.passed === false && folder) await within('what failed to be kept', keep(t.name, left), 30_000)
  } catch (e) {
    console.error(`${t.name}: ${e.message}`)
  }
  await Promise.all(left.map((c) => within('a window to close', c.close()).catch((e) => console.error(`${t.name}: ${e.message}`))))
  assert.deepEqual(forbidden.splice(0), [], 'a page tried what its policy forbids')
})

async function keep(name, contexts) {
  const dir = join(folder, name.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60))
  mkdirSync(dir, { recursive: true })
  let n = 0
  for (const context of contexts) {
    writeFileSync(join(dir, `console-${++n}.txt`), (open.get(context) ?? []).join('\n'))
    for (const [i, page] of context.pages().entries()) {
      const file = join(dir, `page-${n}-${i + 1}`)
      const text = await page.innerText('body', { timeout: 5_000 }).catch((e) => String(e))
      writeFileSync(file + '.txt', `${page.url()}\n\n${text}`)
      await page.screenshot({ path: file + '.png', timeout: 10_000 }).catch((e) => writeFileSync(file + '.png.txt', String(e)))
    }
  }
  console.error(`kept: ${dir}`)
}

export async function logIn(page, base, login) {
  await page.goto(base + '/login')
  await page.fill('#login', login)
  await page.fill('#password', password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('nav', { state: 'attached' }) // a phone keeps it folded
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
    if (m.type() !== 'error' || /status of (401|409|422)/.test(m.text())) return
    // Not there is an answer: a month of which nothing was published, a number that nobody has.
    if (/status of 404/.test(m.text()) && /\/(appraisals|public\/lookup|accounts\/find)\b/.test(m.location().url)) return
    wrong.push(`${page.url()}: ${m.text()} ${m.location().url}`)
  })
  return wrong
}

/** What is wrong with a page for somebody who cannot see or use it well (WCAG 2.1 AA). */
export async function unfit(page) {
  // Legacy: no page of ours has a frame, and a second window would be opened for each.
  const { violations } = await within(`axe at ${page.url()}`, new AxeBuilder({ page }).setLegacyMode().withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze())
  return violations.map((v) => `${new URL(page.url()).pathname}: ${v.id} ${v.nodes.map((n) => n.target).slice(0, 3)}`)
}

/** The page is fit for everybody. */
export async function fit(page, what) {
  assert.deepEqual(await unfit(page), [], what)
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
    await (await paper.$(`input[value="${/原件和复印件 \d/.test(asks) ? 'both' : /复印件 \d/.test(asks) ? 'copy' : 'original'}"]`)).check()
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
  await page.click(`table >> text="${number}"`)
  await page.waitForSelector('main >> text=办理经过')
}

/** Does what a case asks of somebody, on its page. */
export async function act(page, action, fill = async () => {}) {
  await page.click(`section[aria-label] >> button:has-text("${action}")`)
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
