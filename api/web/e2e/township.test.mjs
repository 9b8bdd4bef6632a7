// The day of a township: what it may decide it decides, also with its line to the
// county cut, and what it looks over on the way up it hands on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, desk, openCase, printed } from './browser.mjs'
import { onPaper } from './paper.mjs'
import { program, takeIn } from './program.mjs'
import { browser, county } from './scene.mjs'

// The township whose line is cut, and a village of its: no other file looks at them.
const township = 'township-330523111'
const village = 'village-330523111219'

test('clerk and leader of a township decide and make out what is theirs, with the county out of reach', { timeout: 400_000 }, async () => {
  const worker = await program(county.at[village], 'lingshi')
  const { case: made } = await takeIn(worker, 'TB-XZRZ-004')
  await worker('POST', `/api/v1/cases/${made.id}/actions`, { kind: 'accept' })
  const base = county.at[township]
  const number = made.number

  const leader = await desk(browser, base, 'tianzihu-lingdao', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await leader.page.tap(`table >> text="${number}"`)
  await leader.page.waitForSelector('main >> text=办理经过')
  await county.cut(township)
  try {
    await leader.page.waitForSelector('header .sign.down')
    await act(leader.page, '审批', async (page) => {
      const signing = await page.innerText('.signing')
      assert.ok(signing.includes('不能撤回'), signing)
    })
    await leader.page.waitForSelector('.head >> text=准予')
    assert.deepEqual(leader.wrong, [])

    const clerk = await desk(browser, base, 'tianzihu-chuangkou')
    await openCase(clerk.page, base, number)
    await act(clerk.page, '制发结果')
    await (await program(base, 'tianzihu-lingdao'))('POST', '/api/v1/seals', {}, 201)
    await (await program(base, 'tianzihu-chuangkou'))('POST', `/api/v1/cases/${made.id}/documents/grant_decision/seal`, {})
    await clerk.page.reload()
    const paper = await printed(clerk.context, () => clerk.page.click('li:has-text("决定书") >> button:has-text("打印")'))
    const { text } = await onPaper(paper)
    assert.ok(text.includes(number) && text.includes('临时救助'), text.slice(0, 400))
    await paper.close()
    assert.deepEqual(clerk.wrong, [])
  } finally {
    await county.heal(township)
  }

  // The village is told by itself, over its own line to the township, and hands over.
  const hands = await desk(browser, county.at[village], 'lingshi')
  await hands.page.click(`section:has-text("待我办理") >> text="${number}"`)
  await act(hands.page, '送达', (page) => page.fill('#who', '甲乙丙'))
  await hands.page.waitForSelector('.head >> text=已送达')
  await hands.page.waitForSelector('.head >> text=/已到县中心|已接办/')
  assert.deepEqual(hands.wrong, [])
})
