// What somebody does who applies from home, page by page.

/** A photograph as a phone takes it, of a size that must be made smaller. */
export async function photograph(page, turn = 47) {
  const url = await page.evaluate((turn) => {
    const c = document.createElement('canvas')
    c.width = 3600
    c.height = 2700
    const pen = c.getContext('2d')
    for (let i = 0; i < 6000; i++) {
      pen.fillStyle = `hsl(${(i * turn) % 360} 60% ${30 + (i % 50)}%)`
      pen.fillRect((i * 131) % 3600, (i * 197) % 2700, 60, 40)
    }
    return c.toDataURL('image/jpeg', 0.95)
  }, turn)
  return Buffer.from(url.split(',')[1], 'base64')
}

/** Fills in whatever the page of an application asks. */
export async function answer(page, photo) {
  if (await page.$('#township')) {
    await page.selectOption('#township', '330523110')
    if (await page.$('#village')) {
      await page.waitForSelector('#village option[value="330523110220"]', { state: 'attached' })
      await page.selectOption('#village', '330523110220')
    }
  }
  for (const input of await page.$$('form .field input, form .field textarea')) {
    if (await input.inputValue()) continue
    const id = (await input.getAttribute('id')) ?? ''
    if ((await input.getAttribute('type')) === 'date') await input.fill('1953-03-02')
    else if (/phone/.test(id)) await input.fill('13800000009')
    else if (/account|card/.test(id)) await input.fill('6222020000000000001')
    else if ((await input.getAttribute('inputmode')) === 'decimal') await input.fill('1')
    else await input.fill('梅溪镇钱坑桥村')
  }
  for (const select of await page.$$('form .field select')) await select.selectOption({ index: 1 })
  const file = await page.$('input[type=file]')
  if (file) {
    await file.setInputFiles({ name: '证件.jpg', mimeType: 'image/jpeg', buffer: photo })
    await page.waitForSelector('.kept li')
  }
}

/** Goes through an application, one page after the other, to the last of them. */
export async function goThrough(page) {
  await page.waitForSelector('form h1')
  const photo = await photograph(page)
  for (let steps = 0; !(await page.$('dl.summary')); steps++) {
    if (steps > 40) throw new Error('the application does not end')
    await answer(page, photo)
    const before = await page.innerText('p.progress')
    await page.click('button[type=submit]')
    await page.waitForFunction((b) => document.querySelector('p.progress')?.textContent !== b, before)
  }
}

/** Says how the decision is served, and hands the application in. */
export async function sendFromHome(page) {
  await page.check('input[name=service][value=electronic]')
  await page.click('text="提交申请"')
}

/** Applies for an item as the demo's applicant, and gives the number that it has. */
export async function handInFromHome(page, base, item) {
  await page.goto(base + '/welcome')
  await page.click('[data-as=applicant]')
  await page.waitForURL('**/my')
  await page.goto(`${base}/my/apply/${item}`)
  await goThrough(page)
  await page.waitForSelector('text=材料齐全')
  await sendFromHome(page)
  return (await (await page.waitForSelector('.done .number')).innerText()).trim()
}
