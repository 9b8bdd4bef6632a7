// The day of a supervisor.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unfit } from './browser.mjs'
import { program, takeIn } from './program.mjs'
import { browser, county, desk } from './scene.mjs'
import { until } from './wait.mjs'

const hub = 'county-1'

test('a supervisor sees a card, asks, closes, and has the ledger proven', { timeout: 400_000 }, async () => {
  // A window that asks twice for what is missing gets a yellow card.
  const window = await program(county.at[hub], 'yibao-chuangkou')
  const { case: made, item } = await takeIn(window, 'TB-YBJ-002', '330523')
  const points = [{ material: item.materials[0].name, problem: 'unclear', how: '请补交清晰的一份' }]
  await window('POST', `/api/v1/cases/${made.id}/actions`, { kind: 'request_supplement', points }, 200)
  await window('POST', `/api/v1/cases/${made.id}/actions`, { kind: 'request_supplement', points, again: '上次遗漏' }, 200)

  const { page, context, wrong } = await desk(hub, 'jiancha')
  await page.waitForURL('**/supervision') // where a supervisor's day begins
  // Department, colour, person, case.
  await page.waitForSelector('tr:has-text("县医疗保障局") >> text=/^[1-9]\\d*$/')
  await page.waitForFunction(() => [...document.querySelectorAll('.counts a')].some((a) => a.href.includes('colour=yellow')))
  assert.deepEqual(await unfit(page), [])
  await page.click('section:has(h2:has-text("谁要答复")) a')
  await page.waitForSelector('h2:has-text("医保局窗口 的监察牌")')
  await page.click('.counts a[href*="colour=yellow"]')
  await page.waitForSelector('.flag.yellow')
  await page.click(`table a:has-text("${made.number}")`) // on the list of cases: the table of cards before has it without a link
  // A question, which its answer ends; an inquiry, which a supervisor ends.
  for (const [act, said] of [['问询', '已问询'], ['立案', '已立案']]) {
    await page.click(`section:has(h2:has-text("监察措施")) >> text="${act}"`)
    await page.fill('#text', '为何两次告知补正')
    await page.fill('#by', '2030-12-31')
    await page.click('form button[type=submit]')
    await page.waitForSelector(`[role=status]:has-text("${said}")`)
  }
  assert.deepEqual(await unfit(page), [])
  const { inquiries } = await window('GET', '/api/v1/inquiries', undefined, 200)
  assert.equal(inquiries.length, 2)
  for (const q of inquiries) await window('POST', `/api/v1/cases/${made.id}/supervision`, { kind: 'reply', inquiry: q.id, text: '清单核对有误，已改正' }, 200)
  await page.click('nav >> text=问询')
  await page.waitForSelector('td:has-text("清单核对有误")')
  assert.equal((await page.$$('main tbody tr')).length, 1)
  await page.click(`table >> text=${made.number}`)
  await page.click('article >> text="办结"')
  await page.fill('#text', '情况属实，已改正')
  await page.click('form button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已办结")')

  await page.click('button:has-text("核验")')
  await page.waitForSelector('.verdict.good >> text=账本没有被改写')
  await page.click('button:has-text("核验")')
  await page.waitForSelector('.verdict.good >> text=账本只增不改。')
  assert.deepEqual(await unfit(page), [])
  // A checkpoint that another ledger signed is not this one's beginning.
  await page.evaluate(() => {
    const seen = JSON.parse(localStorage.getItem('ledger-seen'))
    localStorage.setItem('ledger-seen', JSON.stringify({ ...seen, size: seen.size - 1 }))
  })
  await page.click('button:has-text("核验")')
  await page.waitForSelector('.verdict.bad >> text=证明不成立')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a supervisor draws cases that nobody could foresee, and fills in a sheet', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(hub, 'jiancha')
  await page.click('nav >> text=抽查')
  await page.click('button:has-text("发起抽查")')
  await page.fill('#percent', '100')
  await page.fill('#after', '20')
  await page.fill('#why', '全面抽查')
  await page.click('button:has-text("公布规则")')
  await page.waitForURL(/\/supervision\/samples\/./)
  await page.waitForSelector('main >> text=全面抽查')
  assert.ok(!(await page.$('main tbody tr')), 'cases are named before the seed is there')
  const id = page.url().split('/').pop()
  // The county goes on working; what it records makes the seed.
  const window = await program(county.at[hub], 'yibao-chuangkou')
  const supervisor = await program(county.at[hub], 'jiancha')
  await until('the seed', async () => {
    await takeIn(window, 'TB-YBJ-002', '330523')
    return (await supervisor('GET', `/api/v1/samples/${id}`)).sample.ready
  })
  await page.waitForSelector('main tbody tr') // by itself
  await page.click('button:has-text("填写评查表") >> nth=0')
  await page.check('fieldset.point >> nth=0 >> input[value=fault]')
  await page.fill('fieldset.point >> nth=0 >> input.ctl', '未注明日期')
  assert.deepEqual(await unfit(page), [])
  await page.click('form button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("评查表已保存")')
  await page.waitForSelector('main tbody .tag.bad')
  assert.deepEqual(wrong, [])
  // Anybody can see what was drawn by which rule.
  const { samples } = await (await fetch(county.at[hub] + '/api/v1/public/samples')).json()
  assert.ok(samples.some((s) => s.id === id))
  await context.close()
})
