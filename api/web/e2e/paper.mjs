// Paper as a test reads it: a page is printed to PDF, its text read, its pages
// counted, and the code in its corner decoded from what is seen.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import jsQR from 'jsqr'

/** Prints a page as the printer gets it; A4, numbered, without a blank page. The text is without spaces. */
export async function onPaper(page) {
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true })
  const raw = pdf.toString('latin1')
  const pages = raw.match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0
  const box = /\/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)/.exec(raw)
  assert.ok(box && Math.abs(box[1] - 595) < 2 && Math.abs(box[2] - 842) < 2, `not A4: ${box?.[0]}`)
  const text = execFileSync('pdftotext', ['-', '-'], { input: pdf, encoding: 'utf8' })
  // One page after the other has its number and something else on it: none is blank.
  for (const [i, p] of text.split('\f').slice(0, pages).entries()) {
    const number = `第${i + 1}页共${pages}页`
    const words = p.replace(/\s/g, '')
    assert.ok(words.includes(number), `page ${i + 1} has no number: ${words.slice(-80)}`)
    assert.ok(words.replace(number, ''), `page ${i + 1} is blank`)
  }
  return { pages, text: text.replace(/\s/g, '') }
}

/** A photograph of the whole sheet, as large as a phone takes it. */
export async function photoOf(page) {
  const [width, height] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight])
  const view = await page.context().newCDPSession(page)
  const { data } = await view.send('Page.captureScreenshot', { format: 'jpeg', quality: 70, captureBeyondViewport: true, clip: { x: 0, y: 0, width, height, scale: 3 } })
  return Buffer.from(data, 'base64')
}

/** The code on a page, read from its picture as a phone does. */
export async function codeOn(page) {
  const seen = await (await page.waitForSelector('svg.qr')).screenshot()
  // Elsewhere: the page itself reads nothing that is not its node's.
  const elsewhere = await page.context().browser().newPage()
  const picture = await elsewhere.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(data)).blob())
    const canvas = new OffscreenCanvas(image.width * 2, image.height * 2)
    const g = canvas.getContext('2d')
    g.imageSmoothingEnabled = false
    g.drawImage(image, 0, 0, canvas.width, canvas.height)
    return { width: canvas.width, height: canvas.height, data: Array.from(g.getImageData(0, 0, canvas.width, canvas.height).data) }
  }, 'data:image/png;base64,' + seen.toString('base64'))
  await elsewhere.close()
  const found = jsQR(Uint8ClampedArray.from(picture.data), picture.width, picture.height)
  assert.ok(found, 'the code cannot be read')
  return found.data
}
