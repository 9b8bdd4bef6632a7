// What an applicant may say from home before something is decided against them, and
// what becomes of what was issued to them, in a real browser against real processes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { desk, openCase, watch } from './browser.mjs'
import { goThrough, handInFromHome, photograph, sendFromHome } from './home.mjs'
import { program } from './program.mjs'
import { browser, county } from './scene.mjs'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale: 'zh-CN' }
const item = 'TB-YBJ-002'
const path = (what) => '/api/v1/cases/' + what

const day = (ahead) => new Date(Date.now() + 8 * 3_600_000 + ahead * 86_400_000).toISOString().slice(0, 10)

async function narrow(page, what) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${what} is wider than a phone`)
}

test('somebody asks for a hearing, states their case and renews what they have, from a phone', { timeout: 400_000 }, async () => {
  const context = await browser.newContext(phone)
  const page = await context.newPage()
  const wrong = watch(page)
  const base = county.at['county-1']
  const number = await handInFromHome(page, base, item)
  await page.click('text="查看进度"')
  await page.waitForSelector('text=有变化时自动更新')

  const [window_, leader] = await Promise.all([program(base, 'yibao-chuangkou'), program(base, 'yibao-lingdao')])
  const { summary } = await window_('GET', path(number))
  const act = (who, body) => who('POST', path(summary.id + '/actions'), body)
  await act(window_, { kind: 'accept' })
  await act(window_, { kind: 'tell_hearing', matter: '拟不予备案', before: day(14) })

  // The page says so by itself, as it is looked at.
  await page.waitForSelector('.hearing >> text=您有权要求听证')
  await narrow(page, 'the hearing')
  await page.click('.hearing >> button:has-text("申请听证")')
  await page.fill('#hearing-reason', '对拟作出的决定有异议')
  await page.click('.hearing >> button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("听证申请已提交")')
  await page.waitForSelector('.hearing >> text=您已申请听证')
  await page.waitForSelector('.steps-told >> text=申请听证')

  // The desk sees it, and cannot decide past it.
  const window2 = await desk(browser, base, 'yibao-chuangkou')
  await openCase(window2.page, base, number)
  await window2.page.waitForSelector('li:has-text("网上提交") >> text=对拟作出的决定有异议')
  assert.deepEqual(window2.wrong, [])
  await window2.context.close()
  await assert.rejects(act(leader, { kind: 'decide', granted: false, opinion: '不符合条件' }), /hearing_asked/)

  await page.click('.hearing >> button:has-text("放弃听证")')
  await page.click('.hearing >> button[type=submit]')
  await page.waitForSelector('.hearing >> text=您已放弃听证')
  await act(leader, { kind: 'decide', granted: true, opinion: '符合条件' })
  await act(window_, { kind: 'issue', documents: [{ name: '异地就医备案回执', number: 'YB-' + Date.now(), valid_until: day(60) }] })
  await assert.rejects(act(window_, { kind: 'deliver', recipient: '本人', method: 'direct' }), /decision_unsealed/)
  await (await program(base, 'admin'))('POST', '/api/v1/seals', { department: '县医疗保障局' }, 201)
  await window_('POST', path(summary.id + '/documents/grant_decision/seal'), {})
  await act(window_, { kind: 'deliver', recipient: '本人', method: 'direct' })
  await page.waitForSelector('text=已办结，结果已送达')

  // What is proposed about it is answered, with a photograph.
  await window_('POST', path(summary.id + '/results'), { kind: 'propose', result: '1', measure: 'revoke', ground: 'deceit', reason: '居住证明存疑', before: day(7) })
  await page.waitForSelector('h2:has-text("拟撤销已发证照")')
  await page.goto(base + '/my')
  await page.waitForSelector(`a.tile:has-text("${number}") >> text=可陈述申辩`)
  await page.click(`a.tile:has-text("${number}")`)
  await page.click('button:has-text("陈述申辩")')
  await page.fill('#state-text', '居住证明由社区出具')
  await page.setInputFiles('#state-proof', { name: '证明.jpg', mimeType: 'image/jpeg', buffer: await photograph(page, 61) })
  await page.waitForSelector('.kept li')
  await narrow(page, 'the statement')
  await page.click('form >> button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已提交")')
  await page.waitForSelector('.said:has-text("居住证明由社区出具")')
  const { proposals } = await leader('GET', path(summary.id + '/results'))
  assert.equal(proposals[0].statements.length, 1)
  await leader('POST', path(summary.id + '/results'), { kind: 'decide', proposal: proposals[0].id, agreed: false, reasons: '经核实居住情况属实' })
  await page.waitForSelector('text=已决定不予办理，证照照常有效')

  // It is renewed: what was said then is filled in, and it is asked for once.
  await page.goto(base + '/my')
  await page.click('text="我的证照"')
  const licence = page.locator('section.card', { hasText: summary.item_name }).filter({ hasText: day(60) })
  await licence.locator('a:has-text("申请延续")').click()
  await page.waitForSelector('form h1')
  await narrow(page, 'the renewal')
  await goThrough(page)
  await page.waitForSelector('dl.summary >> text=延续的证照')
  await page.waitForSelector('text=材料齐全')
  await sendFromHome(page)
  await page.waitForSelector('.done .number')
  await page.click('text="查看进度"')
  await page.waitForSelector(`text=有效期至 ${day(60)}`)
  await page.goto(base + '/my/results')
  await page.waitForSelector('text=已申请延续')
  await narrow(page, '/my/results')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('what was not taken up is put right and handed in anew, with its papers', { timeout: 400_000 }, async () => {
  const context = await browser.newContext(phone)
  const page = await context.newPage()
  const wrong = watch(page)
  const base = county.at['county-1']
  const number = await handInFromHome(page, base, item)
  await page.click('text="查看进度"')
  await page.waitForSelector('h2:has-text("办理经过")')
  const window_ = await program(base, 'yibao-chuangkou')
  const { summary, materials } = await window_('GET', path(number))
  await window_('POST', path(summary.id + '/actions'), { kind: 'reject', ground: 'other', reason: '备案地填写有误' })
  await page.click('a:has-text("更正后重新申请")')
  await page.waitForSelector('form h1')
  // Nothing is asked for again: every page is answered already.
  for (let steps = 0; !(await page.$('dl.summary')); steps++) {
    assert.ok(steps < 40, 'the application does not end')
    const before = await page.innerText('p.progress')
    await page.click('button[type=submit]')
    await page.waitForFunction((b) => document.querySelector('p.progress')?.textContent !== b, before)
  }
  await page.waitForSelector('text=材料齐全')
  await sendFromHome(page)
  const again = (await (await page.waitForSelector('.done .number')).innerText()).trim()
  const found = await window_('GET', path(again))
  assert.deepEqual(found.materials.map((m) => m.attachments[0].hash), materials.map((m) => m.attachments[0].hash))
  assert.deepEqual(wrong, [])
  await context.close()
})

test('who is told that a refusal is intended states their case from a phone, and the desk sees it in its queue', { timeout: 400_000 }, async () => {
  const context = await browser.newContext(phone)
  const page = await context.newPage()
  const wrong = watch(page)
  const base = county.at['county-1']
  const number = await handInFromHome(page, base, item)
  const [window_, leader] = await Promise.all([program(base, 'yibao-chuangkou'), program(base, 'yibao-lingdao')])
  const { summary } = await window_('GET', path(number))
  const act = (who, body) => who('POST', path(summary.id + '/actions'), body)

  // The list changes by itself, as it is looked at.
  await page.goto(base + '/my')
  const tile = page.locator(`a.tile:has-text("${number}")`)
  await tile.waitFor()
  await page.waitForSelector('text=有变化时自动更新')
  await act(window_, { kind: 'accept' })
  await tile.locator('text=已受理').first().waitFor()
  await act(window_, { kind: 'tell_refusal', reason: '居住证明已过有效期', before: day(6) })
  await tile.locator(`text=可陈述申辩，最迟 ${day(6)}`).waitFor()
  await narrow(page, 'the list')
  await tile.click()
  await page.waitForSelector('.refusal >> text=居住证明已过有效期')
  await page.click('.refusal >> button:has-text("陈述申辩")')
  await page.fill('#refusal-text', '居住证明已续期，见照片')
  await page.setInputFiles('#refusal-proof', { name: '证明.jpg', mimeType: 'image/jpeg', buffer: await photograph(page, 62) })
  await page.waitForSelector('.kept li')
  await narrow(page, 'the statement')
  await page.click('.refusal >> button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已提交")')
  await page.waitForSelector('.refusal .said:has-text("居住证明已续期")')

  // The queue says so and lists it alone; the leader is asked what became of it.
  const boss = await desk(browser, base, 'yibao-lingdao')
  await boss.page.goto(base + '/cases?view=all')
  await boss.page.selectOption('#voice', 'statement')
  await boss.page.waitForSelector(`tr:has-text("${number}") >> text=陈述申辩`)
  await openCase(boss.page, base, number)
  await boss.page.waitForSelector('li:has-text("网上提交") >> text=居住证明已续期')
  await assert.rejects(act(leader, { kind: 'decide', granted: false, opinion: '居住证明已过有效期' }), /statement_wait/)

  await page.click('.refusal >> button:has-text("补充陈述")')
  await page.check('.refusal >> input[type=checkbox]')
  await page.click('.refusal >> button[type=submit]')
  // The form, which names it too, goes when it is recorded.
  await page.waitForSelector('.refusal >> input[type=checkbox]', { state: 'detached' })
  await page.waitForSelector('.refusal >> text=放弃陈述申辩')
  await assert.rejects(act(leader, { kind: 'decide', granted: false, opinion: '居住证明已过有效期' }), /unweighed/)
  await boss.page.click('button:has-text("审批")')
  await boss.page.check('input[name=granted][value=no]')
  await boss.page.fill('#say', '居住证明已过有效期，不符合备案条件')
  await boss.page.fill('#weighed', '续期证明为另一地址，不予采纳')
  await boss.page.click('form.fill >> button[type=submit]')
  await boss.page.waitForSelector('dd:has-text("续期证明为另一地址")')
  assert.deepEqual(boss.wrong, [])
  await boss.context.close()
  await page.waitForSelector('.steps-told >> text=续期证明为另一地址')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('who logs in over the page of another gets nothing of it, and the other has their draft', { timeout: 400_000 }, async () => {
  const context = await browser.newContext(phone)
  const page = await context.newPage()
  const base = county.at['county-1']
  // Somebody else has an account as well, and no earlier case that would fill a form.
  const other = { type: 'person', name: '丁戊己', id_number: '330599198703051042', phone: '13800000007' }
  const others = 'lianshui-wuyu-1987'
  const { code } = await (await program(base, 'yibao-chuangkou'))('POST', '/api/v1/accounts', { type: other.type, name: other.name, number: other.id_number, phone: other.phone, shown: '居民身份证' }, 201)
  const activated = await fetch(base + '/api/v1/my/activation', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ type: other.type, number: other.id_number, code, password: others, mode: 'bearer' }) })
  assert.equal(activated.status, 200, await activated.text())

  await page.goto(base + '/welcome')
  await page.click('[data-as=applicant]')
  await page.waitForURL('**/my')
  await page.goto(`${base}/my/apply/${item}`)
  await goThrough(page)
  await page.waitForSelector('text=材料齐全')
  const typed = '梅溪镇钱坑桥村'
  await page.waitForSelector(`dl.summary >> text=${typed}`)

  // Nothing of a page whose login ran out is read over a shoulder.
  await context.clearCookies()
  await sendFromHome(page)
  await page.waitForSelector('[role=dialog] >> text=登录已过期')
  assert.doesNotMatch(await page.innerText('body'), new RegExp(`${typed}|居民癸`))
  await page.fill('#my-number', other.id_number)
  await page.fill('#my-password', others)
  await page.click('[role=dialog] >> button[type=submit]')
  await page.waitForSelector('text=刚才登录的是另一个账户')
  assert.match(await page.innerText('h1'), new RegExp(other.name))
  await narrow(page, 'the word about another account')
  await page.goto(`${base}/my/apply/${item}?step=99`)
  await page.waitForSelector('dl.summary')
  assert.ok(!(await page.content()).includes(typed))

  // Theirs is there when they come back.
  await page.click('header >> text=退出')
  await page.waitForURL('**/welcome')
  await page.click('[data-as=applicant]')
  await page.waitForURL('**/my')
  await page.goto(`${base}/my/apply/${item}?step=99`)
  await page.waitForSelector(`dl.summary >> text=${typed}`)
  await context.close()
})
