// What a test prepares without a page: a person's own program over the API.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { password } from './county.mjs'
import { within } from './wait.mjs'

/** A person's program: method, path, body and the status that is expected give the answer. */
export const program = (base, login) => entered(base, '/api/v1/session', { login, password })

/** The program of who applies from home in the demo. */
export const programAtHome = (base) => entered(base, '/api/v1/my/session', { type: resident.type, number: resident.id_number, password })

async function entered(base, session, who) {
  const json = { 'Content-Type': 'application/json' }
  const said = await (await within('a login', fetch(base + session, { method: 'POST', headers: json, body: JSON.stringify({ ...who, mode: 'bearer' }) }))).json()
  assert.ok(said.access_token, `${JSON.stringify(who)} is not let in: ${JSON.stringify(said)}`)
  return async (method, path, body, status = 200) => {
    const r = await within(`${method} ${path}`, fetch(base + path, {
      method,
      headers: { ...json, Authorization: `Bearer ${said.access_token}`, 'Idempotency-Key': randomUUID() },
      body: typeof body === 'string' ? body : body && JSON.stringify(body),
    }))
    const text = await r.text()
    assert.equal(r.status, status, `${method} ${path}: ${text}`)
    return text ? JSON.parse(text) : undefined
  }
}

export const applicant = { type: 'person', name: '甲乙丙', id_number: '33059919850412005X', phone: '13800000000' }

/** Who applies from home in the demo. */
export const resident = { type: 'person', name: '居民癸', id_number: '330599195303020198', phone: '13800000009' }

// What a form asks for, answered; with every paper that is required.
function filled(form, whose) {
  const known = { applicant_name: whose.name, id_number: whose.id_number, phone: whose.phone, applicant_type: '自然人' }
  const byType = { date: '1935-04-12', number: '1', phone: whose.phone, id_number: whose.id_number }
  return form.filter((f) => f.required || known[f.key]).map((f) => ({ key: f.key, value: known[f.key] ?? f.options?.[0] ?? byType[f.type] ?? '梅溪镇钱坑桥村' }))
}
const forms = { 原件: ['original'], 复印件: ['copy'], 原件和复印件: ['original', 'copy'], 电子: ['electronic'] }
const brought = (materials) => materials.filter((m) => m.required).flatMap((m) => forms[m.form].map((form) => ({ name: m.name, form, copies: m.copies, attachments: [] })))

/** Takes a case in, and gives it with its item. */
export async function takeIn(ask, code, division, whose = applicant) {
  const { item } = await ask('GET', `/api/v1/items/${code}`)
  const made = await ask('POST', '/api/v1/cases', { item: item.code, division, applicant: whose, form: filled(item.form, whose), materials: brought(item.materials), applying: [] }, 201)
  return { item, ...made }
}

/** Offers what several departments handle together, where the catalog has it not yet. */
export async function offerPackages(base) {
  const [one, two] = [await program(base, 'admin'), await program(base, 'admin2')]
  const { drafted } = await one('POST', '/api/v1/packages/import', readFileSync(resolve('../../cmd/tongban/data/packages.json'), 'utf8'))
  if (!drafted.length) return
  await two('POST', '/api/v1/items/approve', { items: drafted })
  await one('POST', '/api/v1/editions', { note: '一件事', unstaffed: true }, 201)
}
