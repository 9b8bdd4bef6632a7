// Every page that the router has, as those see it whose work it is: fit for
// everybody, in both languages, on a phone and in large type, and without a
// complaint in the console. A new route fails until it has a visitor. Two files
// share the visits, for they take longest.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { desk, fit, logIn, township, village, watch } from './browser.mjs'
import { password } from './county.mjs'
import { applicant, program, programAtHome, resident, takeIn } from './program.mjs'
import { browser, county } from './scene.mjs'
import { until } from './wait.mjs'

const hub = 'county-1'
const item = 'TB-MZJ-008'
const router = readFileSync('src/router.ts', 'utf8')
const routes = [...router.matchAll(/\bpath: '([^']+)'/g)].map((m) => m[1])

const of = {} // what there is to look at: ids by kind

const prepared = () => test('a case, a card, a draw and whatever else a page is about are there', { timeout: 400_000 }, async () => {
  const [worker, window, supervisor] = [await program(county.at[village], 'qiankengqiao'), await program(county.at[hub], 'yibao-chuangkou'), await program(county.at[hub], 'jiancha')]
  of.case = (await takeIn(worker, item)).case.id
  const { packages } = await until('the packages to come down to the village', async () => {
    const offered = await worker('GET', '/api/v1/packages')
    return offered.packages.length && offered
  })
  of.package = packages.find((p) => p.accept_tiers.includes('village')).code
  of.joint = (await worker('POST', '/api/v1/joint-cases', { package: of.package, applicant, form: [], materials: [], lacking: true }, 201)).joint.summary.id
  // Whoever asks twice for what is missing gets a card.
  const twice = await takeIn(window, 'TB-YBJ-002', '330523')
  const points = [{ material: twice.item.materials[0].name, problem: 'unclear', how: '请补交清晰的一份' }]
  for (const again of [undefined, '上次遗漏']) await window('POST', `/api/v1/cases/${twice.case.id}/actions`, { kind: 'request_supplement', points, again })
  of.watched = twice.case.id
  of.card = (await until('a card', async () => {
    const { cards } = await supervisor('GET', '/api/v1/cards')
    return cards.length && cards
  }))[0].id
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
  of.sample = (await supervisor('POST', '/api/v1/samples', { from: today.slice(0, 4) + '-01-01', to: today, by: 'department', permille: 1000, least: 1, after: 20, reason: '全面抽查' }, 201)).id
  of.person = (await (await program(county.at[hub], 'admin2'))('GET', '/api/v1/staff')).staff.find((p) => p.login === 'meixi-shenhe').id
  const home = await takeIn(window, 'TB-YBJ-002', '330523', resident)
  await window('POST', `/api/v1/cases/${home.case.id}/actions`, { kind: 'request_supplement', points })
  of.mine = home.case.id
  of.whole = (await worker('POST', '/api/v1/joint-cases', { package: of.package, applicant: resident, form: [], materials: [], lacking: true }, 201)).joint.summary.id
  const athome = await programAtHome(county.at[hub])
  await until('the joint matter to come up', () => athome('GET', `/api/v1/my/joint-cases/${of.whole}`))
})

// Who comes to which page: an address for each of its faces, the route it is
// of as the key.
const staff = (node, login) => async () => desk(browser, county.at[node], login)
const people = {
  'anybody at a village': {
    node: village,
    come: async () => visitor(),
    pages: { '/login': ['/login'], '/items': ['/items'], '/items/:code': [`/items/${item}`], '/packages': ['/packages'], '/verify': ['/verify'], '/lookup': ['/lookup'], '/published': ['/published'], '/trust': ['/trust'], '/kiosk': ['/kiosk'], '/hall': ['/hall'], '/:rest(.*)*': ['/nowhere/at/all'] },
  },
  'anybody at home': {
    node: hub,
    come: async () => visitor(),
    pages: { '/welcome': ['/welcome'], '/rate': ['/rate'], '/complain': ['/complain'], '/my/login': ['/my/login'], '/my/provider': ['/my/provider'], '/my/activate': ['/my/activate'], '/published': ['/published'] },
  },
  'an applicant': {
    node: hub,
    come: async () => {
      const v = await visitor()
      await v.page.goto(county.at[hub] + '/welcome')
      await v.page.click('[data-as=applicant]')
      await v.page.waitForURL('**/my')
      return v
    },
    pages: { '/my': ['/my'], '/my/find': ['/my/find'], '/my/apply/:code': [`/my/apply/${item}`], '/my/packages/:code': () => [`/my/packages/${of.package}`], '/my/joint/:id': () => [`/my/joint/${of.whole}`], '/my/joint/:id/supplement': () => [`/my/joint/${of.whole}/supplement`], '/my/cases/:id': () => [`/my/cases/${of.mine}`], '/my/cases/:id/supplement': () => [`/my/cases/${of.mine}/supplement`], '/my/notices': ['/my/notices'], '/my/account': ['/my/account'], '/my/record': ['/my/record'], '/my/results': ['/my/results'] },
  },
  'a village worker': {
    node: village,
    come: staff(village, 'qiankengqiao'),
    pages: { '/': ['/'], '/items/:code/new': [`/items/${item}/new`], '/packages/:code/new': () => [`/packages/${of.package}/new`], '/cases': ['/cases'], '/cases/:id': () => [`/cases/${of.case}`], '/packages': ['/packages'], '/joint/:id': () => [`/joint/${of.joint}`], '/custody': ['/custody'], '/records': ['/records'], '/guides': ['/guides'], '/accounts': ['/accounts'], '/line': ['/line'], '/supervision': ['/supervision'], '/verify': ['/verify'] },
  },
  'a leader of a township': {
    node: township,
    come: staff(township, 'meixi-lingdao'),
    pages: { '/': ['/'], '/cases': ['/cases'], '/custody': ['/custody'], '/service': ['/service'], '/seals': ['/seals'], '/reveals': ['/reveals'], '/attention': ['/attention'], '/statistics': ['/statistics'], '/appraisal': ['/appraisal'] },
  },
  'a clerk of a township': {
    node: township,
    come: staff(township, 'meixi-chuangkou'),
    pages: { '/files': ['/files', '/files?show=archived', '/files?show=expiring'], '/records': ['/records'], '/guides': ['/guides'] },
  },
  'a window': {
    node: hub,
    come: staff(hub, 'yibao-chuangkou'),
    pages: { '/': ['/'], '/cases/:id': () => [`/cases/${of.watched}`], '/custody': ['/custody'], '/fees': ['/fees'], '/files': ['/files', '/files?show=archived', '/files?show=expiring'], '/guides': ['/guides'], '/service': ['/service'], '/accounts': ['/accounts'], '/line': ['/line'], '/mine': ['/mine'] },
  },
  'the fee counter': {
    node: hub,
    come: staff(hub, 'shoufei'),
    pages: { '/fees': ['/fees', '/fees?all=yes'], '/items': ['/items'] },
  },
  'a leader of a department': {
    node: hub,
    come: staff(hub, 'yibao-lingdao'),
    pages: { '/': ['/'], '/cases': ['/cases'], '/service': ['/service'], '/statistics': ['/statistics'] },
  },
  'a supervisor': {
    node: hub,
    come: staff(hub, 'jiancha'),
    pages: { '/supervision': ['/supervision', '/supervision?tab=rules', '/supervision?tab=notices'], '/supervision/:id': () => [`/supervision/${of.card}`], '/supervision/cases': ['/supervision/cases'], '/supervision/inquiries': ['/supervision/inquiries'], '/supervision/samples': ['/supervision/samples'], '/supervision/samples/:id': () => [`/supervision/samples/${of.sample}`], '/supervision/ratings': ['/supervision/ratings'], '/supervision/complaints': ['/supervision/complaints'], '/cases/:id/watch': () => [`/cases/${of.watched}/watch`], '/appraisal': ['/appraisal', '/appraisal?tab=marks', '/appraisal?tab=attendance', '/appraisal?tab=scorecard'], '/attention': ['/attention'], '/statistics': ['/statistics'] },
  },
  'an operator': {
    node: hub,
    come: staff(hub, 'admin2'),
    pages: { '/catalog': ['/catalog', '/catalog?tab=drafts', '/catalog?tab=editions', '/catalog?tab=packages'], '/catalog/:code': ['', '?tab=versions', '?tab=offices'].map((tab) => '/catalog/TB-XZRZ-005' + tab), '/catalog/packages/:code': ['/catalog/packages/PK-01'], '/calendar': ['/calendar'], '/divisions': ['/divisions'], '/staff': ['/staff'], '/staff/:id': () => [`/staff/${of.person}`], '/devices': ['/devices'], '/seals': ['/seals'], '/accounts': ['/accounts'], '/nodes': ['/nodes', '/nodes?tab=hubs', '/nodes?tab=notices'], '/attention': ['/attention'], '/backup': ['/backup'], '/statistics': ['/statistics'] },
  },
  'a worker out of reach': {
    node: village,
    come: async () => {
      const v = await visitor()
      await logIn(v.page, county.at[village], 'qiankengqiao')
      await v.page.goto(county.at[village] + '/field')
      await v.page.fill('#name', '平板二')
      await v.page.fill('#pw', password)
      await v.page.click('main form button.big')
      await v.page.waitForSelector('#words', { timeout: 120_000 })
      return v
    },
    // With the node in reach and its owner logged in, the device opens by itself.
    see: async (page, path) => {
      await page.goto(county.at[village] + '/field')
      await page.fill('#words', 'gljt')
      if (path === '/field') return page.waitForSelector('a.tile')
      await page.click('a.tile >> nth=0')
      await page.waitForSelector('#a-name')
    },
    pages: { '/field': ['/field'], '/field/new/:code': ['/field/new'] },
  },
}

async function visitor() {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN' })
  const page = await context.newPage()
  return { context, page, wrong: watch(page) }
}

/** Tests that every route has a visitor. */
export const everyRoute = () => test('every route has somebody who visits it', () => {
  assert.ok(routes.length > 50 && routes.length === [...router.matchAll(/component: /g)].length, 'the routes cannot be read')
  const visited = new Set(Object.values(people).flatMap((p) => Object.keys(p.pages)))
  assert.deepEqual(routes.filter((r) => !visited.has(r)), [], 'routes that nobody visits')
  assert.deepEqual([...visited].filter((r) => !routes.includes(r)), [], 'visits to routes that are no more')
})

const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
const large = (page, on) => page.evaluate((on) => document.documentElement.classList.toggle('large', on), on)

/** Tests the pages of these visitors, each page in each language. */
export function visits(...those) {
  prepared()
  for (const who of those) {
    const { node, come, see, pages } = people[who]
    test(`the pages of ${who} are fit for everybody, in both languages, on a phone and in large type`, { timeout: 600_000 }, async () => {
      const { page, context, wrong } = await come()
      const faults = []
      const paths = Object.values(pages).flatMap((addresses) => (typeof addresses === 'function' ? addresses() : addresses))
      for (const language of ['zh', 'en']) {
        await context.addInitScript((l) => localStorage.setItem('language', l), language)
        // Chinese at a desk, English in a hand: each page is seen in both sizes.
        await page.setViewportSize(language === 'zh' ? { width: 1366, height: 768 } : { width: 390, height: 844 })
        for (const path of paths) {
          if (see) await see(page, path)
          else await page.goto(county.at[node] + path)
          await page.waitForSelector('main h1')
          await page.waitForSelector('.el-skeleton', { state: 'detached' })
          await fit(page, `${path} in ${language}`).catch((e) => faults.push(e.message))
          assert.equal(await page.getAttribute('html', 'lang'), language === 'zh' ? 'zh-CN' : 'en')
          if ((await page.title()).length <= 5) faults.push(`${path} has no title`)
          const heading = await page.innerText('main h1 >> nth=0')
          if (/\b[a-z][A-Za-z]+\.[a-z][A-Za-z]+\b/.test(heading)) faults.push(`${path} has a message without words: ${heading}`)
          if (language === 'en' && /[\u4e00-\u9fff]/.test(await page.locator('nav').allInnerTexts().then((t) => t.join()))) faults.push(`${path}: Chinese is left in the navigation of an English page`)
          const wall = path === '/hall' // which hangs where nobody's phone is
          if (!wall && (await wide(page))) faults.push(`${path} in ${language} is wider than its window`)
          await large(page, true)
          if (!wall && (await wide(page))) faults.push(`${path} in ${language} is wider than its window in large type`)
          await large(page, false)
        }
      }
      assert.deepEqual([...faults, ...wrong], [])
      await context.close()
    })
  }
}

/** Those of one half of the visits, and the rest. */
export const desks = ['a village worker', 'a window', 'a leader of a township', 'a leader of a department', 'a clerk of a township', 'a worker out of reach', 'anybody at a village']
export const others = Object.keys(people).filter((who) => !desks.includes(who))
