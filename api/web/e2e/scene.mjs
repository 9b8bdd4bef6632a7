// What a file of tests stands on: the county, and a browser of its own. Both are
// there before the file's first test and gone after its last.
import { after, before } from 'node:test'
import { desk as deskOf, openBrowser } from './browser.mjs'
import { startCounty } from './county.mjs'

export let county, browser

before(async () => {
  county = await startCounty()
  browser = await openBrowser()
}, { timeout: 400_000 })

after(async () => {
  await browser?.close()
  await county?.stop()
})

/** Somebody at their desk at a node, as browser.mjs opens it. */
export const desk = (node, login, options) => deskOf(browser, county.at[node], login, options)
