// The day of a county operator.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { township, unfit, village } from './browser.mjs'
import { binary, password } from './county.mjs'
import { program } from './program.mjs'
import { browser, county, desk } from './scene.mjs'
import { until, within } from './wait.mjs'

const hub = 'county-1'

const freePort = () =>
  new Promise((done, fail) => {
    const s = createServer()
    s.once('error', fail)
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => done(port))
    })
  })

async function afterWorkingDays(from, days) {
  const { years } = await (await fetch(county.at[hub] + '/api/v1/calendar')).json()
  const holidays = new Set(years.flatMap((y) => y.holidays))
  const workdays = new Set(years.flatMap((y) => y.workdays))
  const day = new Date(from + 'T00:00:00Z')
  for (let left = days; left; ) {
    day.setUTCDate(day.getUTCDate() + 1)
    const date = day.toISOString().slice(0, 10)
    if (workdays.has(date) || (day.getUTCDay() % 6 && !holidays.has(date))) left--
  }
  return day.toISOString().slice(0, 10)
}

test('an operator takes somebody on, who logs in with the one-time password', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(hub, 'admin2')
  await page.waitForURL('**/catalog') // where an operator's day begins
  await page.click('nav >> text=人员')
  await page.click('button:has-text("新增人员")')
  await page.fill('dialog #n-name', '测试窗口')
  await page.fill('dialog #n-login', 'ceshi-chuangkou')
  await page.selectOption('dialog #n-where', { label: '梅溪镇' })
  await page.check('dialog >> text=乡镇窗口')
  assert.deepEqual(await unfit(page), [])
  await page.keyboard.press('Enter')
  const once = (await (await page.waitForSelector('dialog .once')).innerText()).trim()
  assert.ok(once.length > 8)
  await page.keyboard.press('Escape')
  await page.fill('#words', 'ceshi-chuangkou')
  await page.click('table >> text=测试窗口')
  // The roster, and a substitute.
  await page.check('text=在编')
  await page.selectOption('#rank', 'section_head')
  await page.click('button:has-text("添加资格")')
  await page.fill('#m0', '浙E001')
  await page.fill('#u0', '2030-12-31')
  await page.fill('#why', '任职登记')
  await page.click('button:has-text("登记花名册")')
  await page.waitForSelector('[role=status]:has-text("花名册已登记")')
  await page.click('button:has-text("安排 AB 岗")')
  await page.selectOption('dialog #sub', { index: 1 })
  await page.fill('dialog #d-why', '休假')
  await page.click('dialog button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("AB 岗已安排")')
  assert.deepEqual(await unfit(page), [])
  assert.deepEqual(wrong, [])
  await context.close()

  // The township hears of them over the feed; then it is asked.
  const clerk = await program(county.at[township], 'meixi-chuangkou')
  await until('the new person to come down to the township', async () => (await clerk('GET', '/api/v1/staff', undefined, 200)).staff.some((p) => p.login === 'ceshi-chuangkou'))
  const theirs = await browser.newContext({ locale: 'zh-CN' })
  const first = await theirs.newPage()
  const lasting = 'Lasting-tongban-2026'
  await first.goto(county.at[township] + '/login')
  await first.fill('#login', 'ceshi-chuangkou')
  await first.fill('#password', once)
  await first.keyboard.press('Enter')
  await first.waitForSelector('text=请先修改')
  assert.ok(!(await first.$('nav a')), 'somebody works with an initial password')
  await first.fill('#after', lasting)
  await first.fill('#again', lasting)
  await first.keyboard.press('Enter')
  await first.waitForSelector('nav >> text=办件')
  await theirs.close()
})

test('an operator enrols a node, which appears on the map and comes to life', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(hub, 'admin2')
  await page.click('nav >> text=节点与主机')
  await page.waitForSelector('.node >> text=钱坑桥村便民服务站')
  assert.deepEqual(await unfit(page), [])
  await page.click('button:has-text("登记新节点")')
  await page.selectOption('dialog #e-where', { label: '梅溪镇' })
  await page.selectOption('dialog #e-where-v', { label: '甲子村' }).catch(() => page.selectOption('dialog #e-where-v', { index: 1 }))
  const division = await page.inputValue('dialog #e-where-v')
  await page.fill('dialog #e-name', '新村便民服务站')
  await page.keyboard.press('Enter')
  const token = (await (await page.waitForSelector('dialog .once')).innerText()).trim()
  assert.match(token, /^([0-9A-Z]{5}-){5,}/)
  const id = /v-\d{12}-\d+/.exec(await page.innerText('dialog'))?.[0]
  assert.ok(id, 'the sheet names the node')
  assert.ok(await page.isVisible('dialog svg.qr path'))
  assert.match(await page.innerText('dialog'), /tongban enroll --config node.yaml --county https:\/\/[\d.]+:\d+ --token-file token/)
  assert.ok((await (await page.$('dialog')).boundingBox()).x > 200, 'a dialog stands in the middle')
  assert.deepEqual(await unfit(page), [])
  await page.keyboard.press('Escape')

  const dir = mkdtempSync(join(tmpdir(), 'tongban-e2e-node-'))
  const api = await freePort()
  const config = join(dir, 'village.yaml')
  const at = new URL(county.at[hub])
  const county1 = `https://127.0.0.1:${Number(at.port) + 1}` // the demo's second port
  writeFileSync(config, `tier: village\nnode: ${id}\ndivision: "${division}"\nname: 新村便民服务站\ndata_dir: data\nlisten:\n  api: 127.0.0.1:${api}\nupstream:\n  township: [https://127.0.0.1:${Number(new URL(county.at['township-330523110']).port) + 1}]\n  county: [${county1}]\ndemo: true\nsync:\n  heartbeat_seconds: 2\n  backoff_max_seconds: 2\n`)
  writeFileSync(join(dir, 'token'), token, { mode: 0o600 })
  const run = (...args) => spawn(binary, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = (p) =>
    new Promise((done) => {
      let said = ''
      p.stdout.on('data', (b) => (said += b))
      p.stderr.on('data', (b) => (said += b))
      p.once('exit', (code) => done({ code, said }))
    })
  let node
  try {
    const joined = await within('the node to join', ended(run('enroll', '--config', config, '--county', county1, '--token-file', 'token')))
    assert.equal(joined.code, 0, joined.said)
    await page.waitForSelector('.node >> text=新村便民服务站') // by itself
    node = run('serve', '--config', config)
    const over = ended(node)
    await page.waitForSelector('.node.good >> text=新村便民服务站')
    await page.click('.node >> text=新村便民服务站')
    await page.waitForSelector('.detail >> text=程序版本')
    await page.click('.detail >> text=改名')
    await page.fill('dialog #e-name', '新村服务点')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[role=status]:has-text("已改名")')
    await page.click('.node >> text=新村服务点')
    await page.click('.detail >> text=吊销')
    await page.fill('dialog #e-why', '演练结束')
    await page.click('dialog button[type=submit]')
    await page.waitForSelector('[role=status]:has-text("已吊销")')
    await page.waitForSelector('.node >> text=新村服务点', { state: 'detached' })
    node.kill('SIGINT')
    await within('the node to end', over)
    node = undefined
  } finally {
    node?.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  // The hubs: who leads, and another one leads.
  await page.click('.tabs >> text=县中心主机')
  await page.waitForSelector('text=3 台主机中 3 台应答')
  const led = await page.innerText('main >> text=主节点：')
  await page.click('button:has-text("转为主节点") >> nth=0')
  await page.click('dialog button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已成为主节点")')
  await page.waitForFunction((before) => !document.querySelector('main').innerText.includes(before) && document.querySelector('main').innerText.includes('主节点：'), led)
  assert.deepEqual(await unfit(page), [])
  assert.deepEqual(wrong, [])
  await context.close()
})

test('an item is edited, checked while it is typed, approved by a second person, and holds at the village', { timeout: 400_000 }, async () => {
  const code = 'TB-XZRZ-005'
  const { page, context, wrong } = await desk(hub, 'admin2')
  await page.fill('#words', '生育登记')
  await page.click('table >> text="生育登记"')
  await page.waitForSelector('[role=status]:has-text("校验通过")')
  // A promise longer than the law allows is told at once, and leads to its input.
  await page.fill('#e-promised_working_days', '30')
  await page.waitForSelector('.summary a')
  await page.click('.summary a >> nth=0')
  assert.ok(await page.evaluate(() => document.activeElement?.id?.startsWith('e-')))
  assert.deepEqual(await unfit(page), [])
  await page.reload() // nothing that was typed is lost
  await page.waitForFunction(() => document.querySelector('#e-promised_working_days')?.value === '30')
  await page.fill('#e-promised_working_days', '1')
  await page.fill('#e-remarks', '请带好身份证')
  await page.waitForSelector('[role=status]:has-text("校验通过")')
  await page.click('button:has-text("保存为草稿")')
  await page.waitForSelector('[role=status]:has-text("第 2 版草稿已保存")')
  await page.click('.tabs >> text=版本')
  await page.waitForSelector('td.is:has-text("请带好身份证")')
  await page.waitForSelector('text=这是您起草的')
  assert.deepEqual(await unfit(page), [])
  assert.deepEqual(wrong, [])
  await context.close()

  // With an item of a department that has nobody yet, drafted by a program.
  const drafter = await program(county.at[hub], 'admin2')
  const { item: unstaffed } = await drafter('GET', '/api/v1/items/TB-SCJG-014?plain=true')
  await drafter('POST', '/api/v1/items/TB-SCJG-014/draft', { ...unstaffed, remarks: '请先预约' }, 201)

  const second = await desk(hub, 'admin')
  await second.page.waitForSelector('nav .n')
  await second.page.click('.tabs >> text=待复核与发布')
  await second.page.check('input[aria-label="选择 生育登记"]')
  await second.page.check(`input[aria-label="选择 ${unstaffed.name}"]`)
  await second.page.click('button:has-text("复核通过 2 项")')
  await second.page.click('dialog button[type=submit]')
  await second.page.waitForSelector('[role=status]:has-text("已复核 2 项")')
  await second.page.click('button:has-text("发布 2 项")')
  await second.page.fill('dialog #note', '第二期目录')
  await second.page.click('dialog button[type=submit]')
  // Nobody at the county can do one of their steps: that is published with open eyes.
  await second.page.waitForSelector('dialog [role=alert] >> text=steps_unstaffed')
  assert.deepEqual(await unfit(second.page), [])
  await second.page.check('dialog label:has-text("仍然发布") >> input')
  await second.page.click('dialog button[type=submit]')
  await second.page.waitForSelector('[role=status]:has-text("期目录已发布")')
  assert.deepEqual(second.wrong, [])
  await second.context.close()

  const resident = await browser.newContext({ locale: 'zh-CN' })
  const guide = await resident.newPage()
  await until('the edition to come down to the village', async () => (await (await fetch(`${county.at[village]}/api/v1/items/${code}`)).text()).includes('请带好身份证'))
  await guide.goto(`${county.at[village]}/items/${code}`)
  await guide.waitForSelector('main >> text=请带好身份证')
  await resident.close()
})

test('an operator looks after everything else without a terminal', { timeout: 400_000 }, async () => {
  const { page, context, wrong } = await desk(hub, 'admin2', { acceptDownloads: true })
  await page.click('nav >> text=备份与恢复')
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("只下载一份")')])
  assert.match(download.suggestedFilename(), /^county-1-.*\.backup$/)
  // One that the hub keeps is checked by itself, handed out, and tells how it is restored.
  await page.waitForSelector('text=还没有校验通过的备份')
  await page.click('button:has-text("立即备份到本机文件夹")')
  await page.waitForSelector('tr >> text=校验通过')
  const [kept] = await Promise.all([page.waitForEvent('download'), page.click('tr >> button:has-text("下载")')])
  assert.ok((await readFile(await kept.path())).includes('tbsealed'))
  await page.click('tr >> button:has-text("怎样恢复")')
  await page.waitForSelector(`code:has-text("--from"):has-text("${kept.suggestedFilename()}")`)
  await page.click('nav >> text=工作日日历')
  // Five working days from today, by the county's calendar.
  const due = await afterWorkingDays(await page.inputValue('#from'), 5)
  await page.fill('#days', '5')
  await page.selectOption('#year', due.slice(0, 4))
  await page.click('button:has-text("推算")')
  await page.waitForSelector(`text=到期日 ${due}`)
  await page.waitForSelector('td.due')
  await page.click('nav >> text=需处理')
  await page.click('button:has-text("标记已处理") >> nth=0')
  await page.fill('dialog #note', '已由本村重新收件')
  await page.click('dialog button[type=submit]')
  await page.waitForSelector('[role=status]:has-text("已标记")')
  assert.ok(!/tongban /.test(await page.innerText('main')), 'a page names a command')
  // How notices get through, by channel.
  await page.click('nav >> text=节点与主机')
  await page.click('.tabs >> text=告知通道')
  await page.waitForSelector('tr:has-text("文件") >> text=正常')
  await page.selectOption('#state', 'expired')
  await page.waitForSelector('text=没有这样的告知')
  assert.deepEqual(await unfit(page), [])
  // A file with faults is told whole, and imports nothing.
  await page.click('nav >> text=区划')
  await page.setInputFiles('input[type=file]', { name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{"county": 1}') })
  await page.click('button:has-text("导入")')
  await page.waitForSelector('.faults tbody tr')
  await page.click('nav >> text=统计')
  // A table of every month stands beside the chart of the months.
  const months = page.locator('section', { has: page.locator('h2', { hasText: '每月收件与办结' }) })
  await months.locator('.chart svg').waitFor()
  assert.equal(await months.locator('.numbers tbody tr').count(), 12)
  const csv = await page.evaluate(async () => (await fetch(document.querySelector('a[href*="format=csv"]').href)).text())
  assert.ok(csv.split('\n').length > 1)
  assert.deepEqual(wrong, [])
  await context.close()
})
