// A joint matter that somebody applies for at home: found, filled in once, followed
// as one, put right and withdrawn, in a real browser against real processes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fit, watch } from './browser.mjs'
import { password } from './county.mjs'
import { goThrough, photograph } from './home.mjs'
import { program, programAtHome } from './program.mjs'
import { browser, county, desk } from './scene.mjs'

const hub = 'county-1'
const code = 'PK-10' // what a person with a disability needs, of three departments
const lead = '县残疾人联合会'

async function home(options) {
  const context = await browser.newContext({ locale: 'zh-CN', ...options })
  const page = await context.newPage()
  const wrong = watch(page)
  await page.goto(county.at[hub] + '/welcome')
  await page.click('[data-as=applicant]')
  await page.waitForURL('**/my')
  return { context, page, wrong }
}

// A page is fit for everybody and no wider than its window.
async function good(page, what) {
  await fit(page, what)
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${what} is wider than its window`)
}

const number = async (page) => (await (await page.waitForSelector('.done .number')).innerText()).trim()
let made // the number of the joint matter

test('somebody finds a joint matter, fills one form in, brings each paper once and has one number', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await home({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const ask = await programAtHome(county.at[hub])
  const before = (await ask('GET', '/api/v1/my/joint-cases')).cases.length
  await page.click('main >> text=找事项并申请')
  await page.fill('#words', '残疾人服务')
  await page.waitForSelector(`a.tile[href="/my/packages/${code}"]`)
  await good(page, 'what was found')
  await page.click(`a.tile[href="/my/packages/${code}"]`)

  // What is always part of it is told; what is chosen decides what is asked.
  await page.waitForSelector('.always li')
  assert.equal((await page.$$('.always li')).length, 2)
  await page.click('label:has-text("有辅具需求")')
  await page.waitForSelector('button[type=submit]:not([disabled])')
  await good(page, 'the parts')
  await goThrough(page)
  await page.waitForSelector('text=材料齐全')
  await good(page, 'the check')
  const asked = await page.$$eval('dl.summary dt', (all) => all.map((e) => e.textContent))
  assert.equal(new Set(asked).size, asked.length, `something is asked twice: ${asked}`)
  assert.ok(asked.includes('适配评估意见') && !asked.includes('城乡居民基本养老保险参保登记表'), `the papers are not those of the chosen parts: ${asked}`)

  // A draft survives, and lies nowhere in the clear.
  await page.reload()
  await page.waitForSelector('text=材料齐全')
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, window.location.href]))
  for (const personal of ['梅溪镇钱坑桥村', '6222020000000000001', '居民癸']) assert.ok(!kept.includes(personal), kept)

  // A second click hands nothing in a second time.
  await page.check('input[name=service][value=electronic]')
  await page.$eval('button[type=submit]', (b) => (b.click(), b.click()))
  made = await number(page)
  await good(page, 'the receipt')
  const mine = (await ask('GET', '/api/v1/my/joint-cases')).cases
  assert.equal(mine.length, before + 1)
  assert.equal(mine[0].summary.number, made)
  assert.deepEqual(mine[0].members.map((m) => m.item).sort(), ['TB-CL-001', 'TB-CL-004', 'TB-MZJ-009'])
  await page.click('text="查看进度"')
  await page.waitForSelector('.parts li')
  assert.equal((await page.$$('.parts li')).length, 3)
  assert.deepEqual(wrong, [])
  await context.close()
})

test('it stands in the list once, is put right at once for all departments, and can be withdrawn', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await home({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const ask = await programAtHome(county.at[hub])
  const whole = (await ask('GET', '/api/v1/my/joint-cases')).cases.find((c) => c.summary.number === made)
  await page.waitForSelector(`a.tile:has-text("${made}")`)
  const list = await page.$$eval('a.tile', (all) => all.map((e) => e.textContent ?? ''))
  assert.deepEqual(whole.members.filter((m) => list.some((text) => text.includes(m.number))), [], 'a part stands by itself')
  assert.equal((await page.$$(`li:has(a.tile:has-text("${made}")) .parts li`)).length, whole.members.length)
  await good(page, 'the list')

  // The window in the lead tells what is missing, two departments' findings in one.
  const admin = await program(county.at[hub], 'admin')
  await admin('POST', '/api/v1/staff', { login: 'canlian-chuangkou', name: '残联窗口', division: '330523', department: lead, roles: ['department_window'], password, must_change_password: false }, 201)
  const window_ = await program(county.at[hub], 'canlian-chuangkou')
  const of = (item) => whole.members.find((m) => m.item === item).id
  await window_('POST', `/api/v1/joint-cases/${whole.summary.id}/actions`, {
    kind: 'notice',
    members: [
      { case: of('TB-CL-001'), points: [{ material: '近期免冠照片', problem: 'unclear', how: '请用白底照片' }] },
      { case: of('TB-CL-004'), points: [{ material: '适配评估意见', problem: 'wrong', how: '须盖评估机构的章' }] },
    ],
  })
  await page.click(`a.tile:has-text("${made}")`)
  await page.waitForSelector('text=已告知您要补正什么')
  await page.waitForSelector('text=须盖评估机构的章')
  await good(page, 'the joint matter')
  await page.click('a.big:has-text("补交材料")')
  await page.waitForSelector('h2:has-text("近期免冠照片")')
  await good(page, 'what is to be brought')
  const photo = await photograph(page, 61)
  for (const input of await page.$$('input[type=file]')) await input.setInputFiles({ name: '补拍.jpg', mimeType: 'image/jpeg', buffer: photo })
  await page.waitForFunction(() => document.querySelectorAll('.kept li').length === 2)
  await page.click('text="提交补正"')
  await page.waitForURL(`**/my/joint/${whole.summary.id}`)
  await page.waitForFunction(() => document.querySelectorAll('.came').length === 2)
  // Then it waits for the windows, and says so: here, in the list, and at the window.
  const answered = (await ask('GET', `/api/v1/my/joint-cases/${whole.summary.id}`)).summary.answered
  assert.ok(answered.since_ms > 0 && answered.windows.some((w) => w.department === lead), JSON.stringify(answered))
  await page.waitForSelector(`.answered:has-text("${lead}")`)
  assert.equal(await page.$('text=已告知您要补正什么'), null)
  assert.deepEqual((await window_('GET', `/api/v1/joint-cases/${whole.summary.id}`)).summary.answered, answered)
  assert.equal((await ask('GET', `/api/v1/my/joint-cases/${whole.summary.id}`)).supplements.length, 1, 'it came more than once')

  // The receipt opens as a page of its own.
  const [sheet] = await Promise.all([context.waitForEvent('page'), page.click('main section >> button.link >> nth=0')])
  await sheet.waitForSelector(`text=${made}`)
  await sheet.close()

  // It is withdrawn only after a second word, and goes on when that is taken back.
  await page.click('text="撤回整件申请"')
  await page.waitForSelector('button[disabled]:has-text("确认撤回全部事项")')
  await page.fill('#why', '不再需要')
  await good(page, 'the withdrawal')
  await page.click('text="确认撤回全部事项"')
  await page.waitForSelector('[role=status]:has-text("已请求撤回整件申请")')
  assert.ok((await ask('GET', `/api/v1/my/joint-cases/${whole.summary.id}`)).withdrawal_asked)
  await page.click('text="不撤回了，继续办理"')
  await page.waitForSelector('text="撤回整件申请"')
  assert.ok(!(await ask('GET', `/api/v1/my/joint-cases/${whole.summary.id}`)).withdrawal_asked)

  // What is asked for again, with an answer, is brought at the window.
  const { form } = await ask('GET', `/api/v1/packages/${code}?` + whole.members.map((m) => 'items=' + m.item).join('&'))
  const question = form.find((f) => f.items.includes('TB-CL-001') && f.type === 'string' && !f.options?.length && f.key !== 'applicant_name')
  await window_('POST', `/api/v1/joint-cases/${whole.summary.id}/actions`, {
    kind: 'notice',
    again: '照片仍不清晰',
    members: [{ case: of('TB-CL-001'), points: [{ material: '近期免冠照片', problem: 'unclear', how: '请到窗口拍照' }, { field: question.key, problem: 'wrong', how: '请写全称' }] }],
  })
  const at = await desk(hub, 'canlian-chuangkou', { viewport: { width: 1366, height: 768 } })
  await at.page.goto(county.at[hub] + '/joint/' + whole.summary.id)
  await at.page.waitForSelector('text=待补正')
  assert.equal(await at.page.$('.answered'), null)
  await at.page.click('button:has-text("补交材料")')
  await at.page.waitForSelector('text=请写全称')
  await good(at.page, 'what is brought at the window')
  await at.page.check('fieldset:has-text("近期免冠照片") >> input[value=original]')
  await at.page.fill(`[id="joint-f-${question.key}"]`, '全称')
  await at.page.click('form.fill button[type=submit]')
  await at.page.waitForSelector('.answered')
  await at.page.context().close()

  // In English, at a desk.
  await context.addInitScript(() => localStorage.setItem('language', 'en'))
  await page.setViewportSize({ width: 1366, height: 768 })
  await page.reload()
  await page.waitForSelector('text=Parts by department')
  await good(page, 'the joint matter in English')
  assert.deepEqual(wrong, [])
  await context.close()
})
