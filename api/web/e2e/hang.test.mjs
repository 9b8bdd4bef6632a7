// A node that hangs says nothing: what people look at all day stays, with its age,
// on a page that is open and on one that somebody comes back to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fit } from './browser.mjs'
import { desk } from './scene.mjs'

const stale = '.as-of.stale:has-text("未能更新")'

async function toAndFro(login, node, pages) {
  const { page, context } = await desk(node, login)
  const goTo = async (path) => {
    const before = await page.innerText('main h1')
    const there = new URL(page.url()).pathname === path
    await page.click(`nav >> a[href="${path}"]`)
    if (!there) await page.waitForFunction((b) => (document.querySelector('main h1')?.textContent.trim() ?? b) !== b, before.trim())
  }
  for (const path of pages) {
    await goTo(path)
    await page.waitForSelector('.el-skeleton', { state: 'detached' })
    await page.waitForSelector('main .as-of')
  }
  let asked = 0
  await page.route('**/api/v1/**', () => void asked++) // no answer, ever
  await page.waitForSelector(stale)
  for (const path of pages) {
    await goTo(path)
    await page.waitForSelector(stale)
    assert.ok(!(await page.isVisible('main .el-skeleton')), `${path} forgot what it knew`)
  }
  await fit(page, 'a node that hangs')
  assert.ok(asked > 0)
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await context.close()
}

test('what an operator, a supervisor and a window have read stays while the node hangs', { timeout: 400_000 }, async () => {
  await toAndFro('admin', 'county-1', ['/nodes', '/attention'])
  await toAndFro('jiancha', 'county-1', ['/supervision', '/supervision/ratings', '/supervision/complaints'])
  await toAndFro('yibao-chuangkou', 'county-1', ['/custody', '/cases'])
})
