// The monthly appraisal by its pages: a scorecard, attendance, points by hand, a
// draft that a second person signs, and what whoever it is about sees and says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { desk, fit } from './browser.mjs'
import { program } from './program.mjs'
import { browser, county } from './scene.mjs'

const hub = 'county-1'

const beijing = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10)
const today = beijing(Date.now())
const month = today.slice(0, 7)

test('a supervisor changes the scorecard, which says how it judges and by whose word', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(browser, county.at[hub], 'jiancha')
  await page.click('nav >> text=考核')
  await page.click('.tabs >> text=评分标准')
  await page.click('button:has-text("调整评分标准")')
  await page.fill('#offices-on_time', '35')
  await page.waitForSelector('text=给分项合计 95 分')
  assert.ok(await page.isDisabled('button:has-text("保存新标准")'), 'ninety-five points are no scorecard')
  await page.fill('#offices-volume', '20')
  await page.fill('[aria-label="黄牌 每次扣"] >> nth=0', '99')
  await page.waitForSelector('text=不超过最多扣分')
  await page.fill('[aria-label="黄牌 每次扣"] >> nth=0', '3')
  await page.fill('#sc-why', '加重办件量')
  await fit(page, 'the scorecard editor')
  await page.click('button:has-text("保存新标准")')
  await page.waitForSelector('[role=status]:has-text("已记入账本")')
  await page.waitForSelector('.versions >> text=满分 40')
  await page.waitForSelector('.versions >> text=加重办件量')
  await fit(page, 'the scorecards')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('attendance is filled in for an office, and taken over from a table; a wrong line takes nothing', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(browser, county.at[hub], 'yibao-lingdao')
  await page.goto(`${county.at[hub]}/appraisal?tab=attendance&month=${month}`)
  await page.waitForSelector('#att-office')
  assert.equal((await page.$$('#att-office option')).length, 1, 'a leader records the attendance of their own department alone')
  await page.click('button:has-text("未填的全部出勤")')
  await page.selectOption('[aria-label="医保局审核 下午"]', 'leave')
  await fit(page, 'attendance')
  await page.click('form button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已登记")')
  await page.waitForSelector('.days >> text=√假')
  const before = (await page.innerText('.days')).length
  await page.fill('#att-text', `姓名,日期,上午,下午\n医保局窗口,${today},公出,公出\n没有这个人,${today},出勤,出勤`)
  await page.waitForSelector('.faults >> text=第 3 行')
  assert.ok(!(await page.isVisible('button:has-text("导入")')), 'a table with a wrong line is not taken')
  assert.equal((await page.innerText('.days')).length, before)
  await page.fill('#att-text', `医保局窗口\t${today}\t公出\t公出`)
  await page.click('button:has-text("导入 1 行")')
  await page.waitForSelector('.days >> text=公')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('points by hand, a draft, a second signature, the publication and an objection to it', { timeout: 400_000 }, async () => {
  const last = beijing(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 1, 0)).slice(0, 7)
  const { page, context, wrong } = await desk(browser, county.at[hub], 'jiancha')
  await page.goto(`${county.at[hub]}/appraisal?tab=marks&month=${last}`)
  await page.selectOption('#mk-who', { label: (await page.locator('#mk-who option', { hasText: '医保局窗口' }).innerText()).trim() })
  await page.fill('#mk-n', '2.5')
  await page.fill('#mk-why', '主动帮办')
  await fit(page, 'points by hand')
  await page.click('form button[type=submit]')
  await page.waitForSelector('td:has-text("+2.50")')
  await page.click('.tabs >> text=结果')
  await page.check('text=看当前数据')
  await page.click('button:has-text("拟稿")')
  await page.click('dialog button[type=submit]')
  await page.waitForSelector('text=须另一人签字')
  assert.ok(!(await page.isVisible('button:has-text("签字")')), 'nobody signs their own draft')

  // There is one supervisor in the demo; an operator takes a second one on.
  const operator = await program(county.at[hub], 'admin2')
  const { staff } = await operator('GET', '/api/v1/staff')
  const first = staff.find((p) => p.login === 'jiancha')
  await operator('POST', '/api/v1/staff', { login: 'jiancha-er', name: '监察乙', division: first.division, ...(first.department ? { department: first.department } : {}), roles: ['supervisor'], password: 'Demo-tongban-2026', must_change_password: false }, 201)
  const second = await desk(browser, county.at[hub], 'jiancha-er')
  await second.page.goto(`${county.at[hub]}/appraisal?month=${last}`)
  await second.page.click('button:has-text("签字")')
  await second.page.click('dialog button[type=submit]')
  await second.page.click('button:has-text("公布")')
  await second.page.click('dialog button[type=submit]')
  await second.page.waitForSelector('.tag.good:has-text("已公布")')

  const person = await desk(browser, county.at[hub], 'yibao-chuangkou')
  await person.page.click('header >> text=医保局窗口')
  await person.page.waitForSelector(`h2:has-text("${last}")`)
  await fit(person.page, 'my appraisal')
  await person.page.click('button:has-text("提出申诉")')
  await person.page.fill('#obj', '加分应为三分')
  await person.page.click('dialog button[type=submit]')
  await person.page.waitForSelector('text=等待答复')

  // The first supervisor's page learns of it by itself.
  await page.waitForSelector('article:has-text("加分应为三分")')
  await page.click('article:has-text("加分应为三分") >> button:has-text("答复")')
  await page.fill('dialog #text', '按标准为二点五分')
  await page.click('dialog button[type=submit]')
  await page.waitForSelector('article:has-text("按标准为二点五分")')
  await person.page.waitForSelector('text=按标准为二点五分')
  assert.deepEqual([...wrong, ...second.wrong, ...person.wrong], [])
  await Promise.all([context.close(), second.context.close(), person.context.close()])
})
