// What was handed in once is not asked for again (一表制), at the desk and at home;
// agents; the first asked; what comes after a case: archive and results.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import jsQR from 'jsqr'
import { act, bring, fillIn, fit, openForm, openCase, png, send, township, village, watch } from './browser.mjs'
import { sendFromHome } from './home.mjs'
import { browser, county, desk } from './scene.mjs'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale: 'zh-CN' }
const resident = '330599195303020198'

async function atHome() {
  const context = await browser.newContext(phone)
  const page = await context.newPage()
  const wrong = watch(page)
  await page.goto(county.at['county-1'] + '/welcome')
  await page.click('[data-as=applicant]')
  await page.waitForURL('**/my')
  return { page, context, wrong }
}

const narrow = async (page, what) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${what} is wider than its window`)

// Of each paper that is still asked for, a scan.
async function scanAll(page) {
  for (const paper of await page.$$('fieldset.paper')) {
    const asks = await paper.innerText()
    await (await paper.$(`input[value="${/原件和复印件 \d/.test(asks) ? 'both' : /复印件 \d/.test(asks) ? 'copy' : 'original'}"]`)).check()
    await (await paper.$('input[type=file]')).setInputFiles({ name: '扫描件.png', mimeType: 'image/png', buffer: png })
    await paper.waitForSelector('li:has-text("移除")')
  }
}

test('a village uses what is on file, with consent, and its owner sees it', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(village, 'qiankengqiao')
  const base = county.at[village]
  await openForm(page, base, '临时救助', '临时救助（小额，乡镇委托审批）')
  await fillIn(page, '居民癸', resident)
  for (const input of await page.$$('form .field input[inputmode=decimal]')) await input.fill('500')
  await scanAll(page)
  const first = await send(page)
  await openCase(page, base, first)
  await act(page, '受理')

  await openForm(page, base, '临时救助', '临时救助（小额，乡镇委托审批）')
  await page.fill('#a-name', '居民癸')
  await page.fill('#a-id', resident)
  await page.click('text="查询存档"')
  await page.click('button:has-text("征得本人同意")')
  await fit(page, 'consent')
  await page.click('text="登记同意并查询"')
  await page.waitForSelector('h3:has-text("存档材料")')
  await page.waitForSelector('strong:has-text("可少带")')
  await page.click('text="填入空白处"')
  assert.equal(await page.inputValue('#a-phone'), '13800000000', 'the phone was told before')
  await fit(page, 'papers on file')
  for (const width of [390, 1366]) {
    await page.setViewportSize({ width, height: 800 })
    await narrow(page, 'a form with papers on file')
  }
  for (const input of await page.$$('form .field input[inputmode=decimal]')) await input.fill('500')
  for (const input of await page.$$('form .field input[id^="f-"], form .field textarea')) if (!(await input.inputValue())) await input.fill((await input.getAttribute('type')) === 'date' ? '1935-04-12' : '梅溪镇钱坑桥村')
  for (const select of await page.$$('form .field select[id^="f-"]')) await select.selectOption({ index: 1 })
  const before = await page.locator('fieldset.kept').count()
  assert.ok(before > 0, 'nothing stands for a paper')
  await scanAll(page)
  await send(page)
  assert.match(await page.innerText('section.card'), new RegExp(`其中 ${before} 份已有存档`))
  await page.click('text="查看办件"')
  await page.waitForSelector('a:has-text("已有存档，取自原办件")')
  await fit(page, 'a case with papers on file')
  // That there is no consent yet is what the first look is about.
  assert.deepEqual(wrong.filter((w) => !/status of 404/.test(w)), [])
  await context.close()

  const home = await atHome()
  await home.page.click('text="我的存档材料"')
  await home.page.waitForSelector('h2:has-text("谁查看过")')
  await home.page.waitForFunction(() => document.body.innerText.includes('钱坑桥村代办员'))
  await fit(home.page, '/my/record')
  await narrow(home.page, '/my/record')
  await home.page.click('text="撤回全部同意"')
  await home.page.click('form >> button[type=submit]')
  await home.page.waitForSelector('text=没有生效的同意')
  await home.page.click('text="English"')
  await home.page.waitForSelector('text=No consent is in force')
  await fit(home.page, '/my/record in English')
  assert.deepEqual(home.wrong, [])
  await home.context.close()
})

test('a paper on file is used at home, once its owner agrees', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await atHome()
  const wanted = '申请人居民身份证'
  await page.goto(county.at['county-1'] + '/my/apply/TB-MZJ-008')
  await page.waitForSelector('form h1')
  for (let steps = 0; (await page.innerText('form h1')) !== wanted; steps++) {
    assert.ok(steps < 12, 'the paper is not asked for')
    if (await page.$('#township')) {
      await page.selectOption('#township', '330523110')
      if (await page.$('#village')) {
        await page.waitForSelector('#village option[value="330523110220"]', { state: 'attached' })
        await page.selectOption('#village', '330523110220')
      }
    }
    const before = await page.innerText('p.progress')
    await page.click('button[type=submit]')
    await page.waitForFunction((b) => document.querySelector('p.progress')?.textContent !== b, before)
  }
  await page.click('text="同意并使用"')
  await page.waitForSelector('input[type=checkbox]:checked')
  assert.equal(await page.locator('#photo').count(), 0, 'a photograph is asked for all the same')
  await fit(page, 'a paper on file at home')
  await narrow(page, 'a paper on file at home')
  for (let steps = 0; !(await page.$('dl.summary')); steps++) {
    assert.ok(steps < 12, 'the application does not end')
    const before = await page.innerText('p.progress')
    await page.click('button[type=submit]')
    await page.waitForFunction((b) => document.querySelector('p.progress')?.textContent !== b, before)
  }
  await page.waitForSelector('.errors li')
  assert.ok(!(await page.innerText('.errors')).includes(wanted), 'the paper on file is said to be missing')
  assert.match(await page.innerText('dl.summary'), new RegExp(wanted + '\\s+用以前交的'))
  assert.deepEqual(wrong, [])
  await context.close()
})

test('what was typed at home is there after a new login, and nobody else opens it', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await atHome()
  const base = county.at['county-1']
  await page.goto(base + '/my/apply/TB-MZJ-008')
  await page.waitForSelector('#township')
  await page.selectOption('#township', '330523110')
  await page.waitForTimeout(300)
  await page.click('text="退出"')
  await page.waitForURL('**/welcome')
  await page.click('[data-as=applicant]')
  await page.waitForURL('**/my')
  await page.goto(base + '/my/apply/TB-MZJ-008')
  await page.waitForSelector('#township')
  assert.equal(await page.inputValue('#township'), '330523110')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('somebody applies for another with the proof that they may', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await atHome()
  await page.goto(county.at['county-1'] + '/my/apply/TB-MZJ-008')
  await page.click('text="替别人申请？"')
  await page.waitForSelector('legend:has-text("请选择申请人")')
  await fit(page, 'for whom')
  await page.click('button[type=submit]')
  await page.fill('#o-name', '子丑寅')
  await page.fill('#o-number', '33059919850412005X')
  await page.click('button[type=submit]')
  await page.waitForSelector('[role=alert] >> text=委托证明')
  await page.fill('#o-phone', '13800000008')
  await page.setInputFiles('#authority', { name: '委托书.png', mimeType: 'image/png', buffer: png })
  await page.waitForSelector('.kept li')
  await fit(page, 'whom one applies for')
  await narrow(page, 'whom one applies for')
  for (let steps = 0; !(await page.$('dl.summary')); steps++) {
    assert.ok(steps < 30, 'the application does not end')
    const before = await page.innerText('p.progress')
    await page.click('button[type=submit]')
    await page.waitForFunction((b) => document.querySelector('p.progress')?.textContent !== b, before)
    if (await page.$('#township')) {
      await page.selectOption('#township', '330523110')
      if (await page.$('#village')) {
        await page.waitForSelector('#village option[value="330523110220"]', { state: 'attached' })
        await page.selectOption('#village', '330523110220')
      }
    }
    for (const input of await page.$$('form .field input')) {
      if (await input.inputValue()) continue
      const id = (await input.getAttribute('id')) ?? ''
      if ((await input.getAttribute('type')) === 'date') await input.fill('1935-04-12')
      else await input.fill(/account|card/.test(id) ? '6222020000000000001' : '梅溪镇钱坑桥村')
    }
    for (const select of await page.$$('form .field select')) await select.selectOption({ index: 1 })
    if (await page.$('#photo')) {
      await page.setInputFiles('#photo', { name: '材料.png', mimeType: 'image/png', buffer: png })
      await page.waitForSelector('.kept li')
    }
  }
  await page.waitForSelector('text=材料齐全')
  assert.match(await page.innerText('dl.summary'), /子丑寅[\s\S]*委托书\.png/)
  await sendFromHome(page)
  await page.waitForSelector('.done .number')
  await page.click('text="查看进度"')
  await page.waitForSelector('dd:has-text("子丑寅")')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('a photograph is turned and straightened, by touch and by keyboard', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(village, 'qiankengqiao', { hasTouch: true })
  await openForm(page, county.at[village], '高龄津贴', '高龄津贴')
  // White paper on a black desk, 400 by 300, the paper from 100,60 to 300,240.
  const picture = Buffer.from(
    await page.evaluate(() => {
      const c = document.createElement('canvas')
      c.width = 400
      c.height = 300
      const pen = c.getContext('2d')
      pen.fillRect(0, 0, 400, 300)
      pen.fillStyle = '#fff'
      pen.fillRect(100, 60, 200, 180)
      return c.toDataURL('image/png').split(',')[1]
    }),
    'base64',
  )
  const paper = page.locator('fieldset.paper').first()
  await paper.locator('input[type=file]').setInputFiles({ name: '斜的.png', mimeType: 'image/png', buffer: picture })
  await paper.locator('li:has-text("移除")').waitFor()
  const sent = []
  page.on('request', (r) => r.method() === 'POST' && r.url().endsWith('/api/v1/attachments') && sent.push(JSON.parse(r.postData())))
  await page.evaluate(() => {
    const drawn = HTMLCanvasElement.prototype.toBlob
    HTMLCanvasElement.prototype.toBlob = function (tell, ...how) {
      drawn.call(this, (b) => tell((window.made = b)), ...how)
    }
  })
  await paper.locator('button:has-text("扶正")').click()
  await page.waitForSelector('dialog.straighten .corner')
  await fit(page, 'straighten')
  const ground = await page.locator('.ground').boundingBox()
  // The upper left corner by the mouse, the others by the arrow keys.
  const first = page.locator('.corner').first()
  const at = await first.boundingBox()
  await page.mouse.move(at.x + at.width / 2, at.y + at.height / 2)
  await page.mouse.down()
  await page.mouse.move(ground.x + ground.width * 0.3, ground.y + ground.height * 0.3, { steps: 4 })
  await page.mouse.up()
  for (const [i, keys] of [[1, ['ArrowLeft', 'ArrowDown']], [2, ['ArrowLeft', 'ArrowUp']], [3, ['ArrowRight', 'ArrowUp']]]) {
    await page.locator('.corner').nth(i).focus()
    for (const key of keys) for (let n = 0; n < 6; n++) await page.keyboard.press('Shift+' + key)
  }
  await page.click('text="向右转"')
  await page.click('dialog.straighten >> text="使用"')
  await paper.locator('li:has-text("斜的.jpg")').waitFor()
  assert.equal(await paper.locator('li').count(), 1, 'the slanted one is still there')
  assert.equal(sent.length, 1)
  // What was sent is the paper and nothing of the desk, on its side.
  const seen = await page.evaluate(async () => {
    const image = await createImageBitmap(window.made)
    const c = document.createElement('canvas')
    c.width = image.width
    c.height = image.height
    const pen = c.getContext('2d')
    pen.drawImage(image, 0, 0)
    const { data } = pen.getImageData(0, 0, c.width, c.height)
    let darkest = 255
    for (let i = 0; i < data.length; i += 4) darkest = Math.min(darkest, data[i])
    return { width: c.width, height: c.height, darkest }
  })
  assert.ok(seen.darkest > 200, JSON.stringify(seen))
  assert.ok(Math.abs(seen.width - 120) <= 4 && Math.abs(seen.height - 160) <= 4, JSON.stringify(seen))
  await page.setViewportSize({ width: 390, height: 844 })
  await paper.locator('button:has-text("扶正")').click()
  await page.waitForSelector('dialog.straighten .corner')
  await narrow(page, 'straighten')
  assert.deepEqual(wrong, [])
  await context.close()
})

test('an authenticator scans its secret', { timeout: 400_000 }, async () => {
  const { page, context } = await atHome()
  await page.goto(county.at['county-1'] + '/my/account')
  await page.click('text="启用登录动态码"')
  const code = await page.waitForSelector('svg.qr')
  const secret = (await page.innerText('code.secret')).trim()
  const shot = await code.screenshot()
  const pixels = await page.evaluate(async (b64) => {
    const image = new Image()
    image.src = 'data:image/png;base64,' + b64
    await image.decode()
    const c = document.createElement('canvas')
    c.width = image.width
    c.height = image.height
    const pen = c.getContext('2d')
    pen.drawImage(image, 0, 0)
    return { width: c.width, height: c.height, data: Array.from(pen.getImageData(0, 0, c.width, c.height).data) }
  }, shot.toString('base64'))
  const read = jsQR(Uint8ClampedArray.from(pixels.data), pixels.width, pixels.height)
  assert.ok(read?.data.startsWith('otpauth://totp/'), 'the code is not that of an authenticator')
  assert.ok(read.data.includes(secret))
  await fit(page, 'a secret')
  await context.close()
})

test('whoever was asked first hands on, and is free when the other has accepted', { timeout: 400_000 }, async () => {
  const one = await desk(village, 'qiankengqiao')
  await one.page.click('nav >> text=服务与监督')
  await one.page.click('text="登记咨询"')
  const about = '残疾人补贴怎么申请 ' + Array.from({ length: 8 }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join('')
  await one.page.fill('#g-about', about)
  await one.page.click('form >> button[type=submit]')
  await one.page.waitForSelector('[role=status]:has-text("已记录")')
  const mine = one.page.locator('article', { hasText: about })
  await mine.locator('text="引导到其他窗口"').click()
  await one.page.selectOption('#g-to', '330523110')
  await fit(one.page, 'hand on')
  await mine.locator('form >> button[type=submit]').click()
  await mine.locator('text=已引导，待接办').first().waitFor()

  const other = await desk(township, 'meixi-chuangkou')
  await other.page.goto(county.at[township] + '/guides?view=desk')
  const theirs = other.page.locator('article', { hasText: about })
  await theirs.locator('text="接办"').click()
  await theirs.locator('text="办结"').click()
  await other.page.fill('#g-answer', '请带残疾人证到镇便民服务中心')
  await theirs.locator('form >> button[type=submit]').click()
  await theirs.waitFor({ state: 'detached' })
  await other.page.check('input[value=all]')
  await other.page.locator('article', { hasText: about }).locator('text=已办结').waitFor()
  await fit(other.page, '/guides')
  assert.deepEqual([...one.wrong, ...other.wrong], [])
  await one.context.close()
  await other.context.close()
})

test('a result is put right by two people, and its volume says what keeps it open', { timeout: 400_000 }, async () => {
  const clerk = await desk(township, 'meixi-chuangkou')
  await clerk.page.click('nav >> text="办件"')
  await clerk.page.click('nav >> text=归档与证照')
  await clerk.page.waitForSelector('main h1:has-text("归档与证照")') // or the list of cases is still there
  await clerk.page.click('main table a >> nth=0')
  const results = clerk.page.locator('section.card', { has: clerk.page.locator('h2:has-text("办理结果的效力")') })
  await results.locator('strong:has-text("有效")').first().waitFor()
  await clerk.page.waitForSelector('#archive >> text=归档前还须办结')
  await clerk.page.click('#archive >> button:has-text("卷内目录")')
  assert.match(await clerk.page.innerText('#archive table tbody tr code'), /^[0-9a-f]{64}$/)
  await results.locator('button:has-text("提出更正、撤销或注销")').click()
  await clerk.page.fill('#res-number', '更正〔2026〕1号')
  await clerk.page.fill('#res-reason', '编号录入有误')
  await fit(clerk.page, 'a result')
  await results.locator('form >> button[type=submit]').click()
  await results.locator('text=等待本机关另一位负责人决定').waitFor()
  assert.equal(await results.locator('button:has-text("提出更正")').count(), 0, 'a second measure while one is open')
  const address = new URL(clerk.page.url()).pathname

  const leader = await desk(township, 'meixi-lingdao')
  await leader.page.goto(county.at[township] + address)
  const theirs = leader.page.locator('section.card', { has: leader.page.locator('h2:has-text("办理结果的效力")') })
  await theirs.locator('button:has-text("作出决定")').click()
  await leader.page.fill('#res-reason', '经核对属实')
  await fit(leader.page, 'a decision about a result')
  await theirs.locator('form >> button[type=submit]').click()
  await theirs.locator('strong:has-text("已更正，由新件取代")').waitFor()
  await theirs.locator('text=更正〔2026〕1号').first().waitFor()
  await leader.page.setViewportSize({ width: 390, height: 844 })
  await narrow(leader.page, 'a case with results')
  assert.deepEqual([...clerk.wrong, ...leader.wrong], [])
  await clerk.context.close()
  await leader.context.close()
})
