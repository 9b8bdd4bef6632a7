// Makes the pictures of docs/pages.md anew, from a county of the demo:
//
//	node e2e/screenshots.mjs            a county of its own
//	node e2e/screenshots.mjs DIR        the demo that runs in DIR
//
// Nobody in them is real. Each is a WebP file of at most 80 KB, made by the
// browser itself.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { logIn, openBrowser, township, village } from './browser.mjs'
import { ownCounty } from './county.mjs'
import { program, takeIn } from './program.mjs'
import { until } from './wait.mjs'

const most = 80 * 1024
const into = resolve('../../docs/screenshots')
const hub = 'county-1'
const dir = process.argv[2]
const county = dir ? { at: Object.fromEntries(JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8')).nodes.map((n) => [n.id, `http://127.0.0.1:${n.api}`])), stop: async () => {} } : await ownCounty()
const browser = await openBrowser()
mkdirSync(into, { recursive: true })

// The picture in the best quality that fits.
const blank = await (await browser.newContext()).newPage()
async function webp(png) {
  for (const quality of [0.85, 0.7, 0.55, 0.4, 0.25]) {
    const data = await blank.evaluate(async ([png, quality]) => {
      const image = new Image()
      image.src = 'data:image/png;base64,' + png
      await image.decode()
      const canvas = document.createElement('canvas')
      canvas.width = image.width
      canvas.height = image.height
      canvas.getContext('2d').drawImage(image, 0, 0)
      return canvas.toDataURL('image/webp', quality).split(',')[1]
    }, [png.toString('base64'), quality])
    const bytes = Buffer.from(data, 'base64')
    if (bytes.length <= most) return bytes
  }
  throw new Error('a picture does not fit')
}

async function take(name, page, { wait = 'main h1', then = async () => {} } = {}) {
  await page.waitForSelector(wait)
  await page.waitForLoadState('networkidle').catch(() => {}) // a page with a stream is never idle
  await then()
  const bytes = await webp(await page.screenshot())
  writeFileSync(join(into, name + '.webp'), bytes)
  console.log(`${name} ${Math.ceil(bytes.length / 1024)} KB`)
}

const wide = { width: 1366, height: 768 }
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
async function as(node, login, options = {}) {
  const context = await browser.newContext({ viewport: wide, locale: 'zh-CN', ...options })
  const page = await context.newPage()
  if (login) await logIn(page, county.at[node], login)
  return { context, page, open: (path) => page.goto(county.at[node] + path) }
}

// What there is to see: cases at a window, one with a card.
const window = await program(county.at[hub], 'yibao-chuangkou')
const supervisor = await program(county.at[hub], 'jiancha')
const asked = await takeIn(window, 'TB-YBJ-002', '330523')
const points = [{ material: asked.item.materials[0].name, problem: 'unclear', how: '请补交清晰的一份' }]
for (const again of [undefined, '上次遗漏']) await window('POST', `/api/v1/cases/${asked.case.id}/actions`, { kind: 'request_supplement', points, again })
const waiting = await takeIn(window, 'TB-YBJ-002', '330523')
const ready = await takeIn(window, 'TB-YBJ-002', '330523')
await window('POST', `/api/v1/cases/${ready.case.id}/actions`, { kind: 'accept' })
await until('a card', async () => (await supervisor('GET', '/api/v1/cards')).cards.length)

const worker = await as(village, 'qiankengqiao')
await take('village-today', worker.page)
await worker.open('/items/TB-MZJ-008/new')
await take('village-new-case', worker.page, { wait: '#a-name' })
await worker.context.close()

const desk = await as(hub, 'yibao-chuangkou')
await desk.open('/cases')
await take('window-queue', desk.page, { wait: 'main table' })
await desk.open(`/cases/${waiting.case.id}`)
await take('window-case', desk.page, { wait: 'main >> text=办理经过' })
await desk.context.close()

const leader = await as(hub, 'yibao-lingdao', phone)
await take('leader-phone', leader.page, { wait: 'main table' })
await leader.context.close()

const board = await as(hub, 'jiancha')
await board.open('/supervision')
await take('supervisor-board', board.page, { wait: '.counts' })
await board.open(`/cases/${asked.case.id}/watch`)
await take('supervisor-evidence', board.page, { wait: 'button:has-text("核验")', then: async () => {
  await board.page.click('button:has-text("核验")')
  await board.page.waitForSelector('.verdict.good')
  await board.page.locator('.verdict.good').scrollIntoViewIfNeeded()
} })
await board.open('/appraisal?tab=scorecard')
await take('supervisor-scorecard', board.page, { wait: 'main table' })
await board.context.close()

const operator = await as(hub, 'admin2')
await operator.open('/catalog/TB-XZRZ-005')
await take('operator-item', operator.page, { wait: '.said-done' })
await operator.open('/nodes')
await take('operator-nodes', operator.page, { wait: '.node', then: () => operator.page.click('.node >> text=梅溪镇便民服务中心') })
await operator.open('/nodes?tab=hubs')
await take('operator-hubs', operator.page, { wait: 'main table' })
await operator.open('/calendar')
await take('operator-calendar', operator.page)
await operator.context.close()

const resident = await as(hub, '', phone)
await resident.open('/welcome')
await resident.page.click('[data-as=applicant]')
await resident.page.waitForURL('**/my')
await take('applicant-phone', resident.page, { wait: 'main .chip' })
await resident.context.close()

const hall = await as(township, '', { viewport: { width: 1920, height: 1080 } })
await hall.open('/hall')
await take('hall', hall.page)
await hall.context.close()

const kiosk = await as(township, '', { viewport: { width: 1080, height: 1440 }, hasTouch: true })
await kiosk.open('/kiosk')
await take('kiosk', kiosk.page, { wait: 'main button' })

await browser.close()
await county.stop()
process.exit(0)
