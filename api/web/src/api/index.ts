import createClient, { type Middleware } from 'openapi-fetch'
import { deviceHere } from '../lib/device'
import { Unanswered } from '../lib/unanswered'
import type { components, paths } from './schema'

export type Schemas = components['schemas']
export type Problem = Schemas['Problem']

/** Failure is what went wrong, in words for the person at the desk. */
export class Failure extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message_zh)
  }
}

const unreachable: Problem = {
  type: 'about:blank',
  title: 'unreachable',
  status: 0,
  code: 'unreachable',
  detail: 'this node does not answer; what was typed is kept, try again in a moment',
  message_zh: '本机服务没有应答，已填写的内容仍保留',
  next: '请稍候再试；若一直如此，请检查本机服务是否已启动',
  request_id: '',
}

const unsure: Problem = {
  type: 'about:blank',
  title: 'unanswered',
  status: 409,
  code: 'unanswered',
  detail: 'what was sent before had no answer and may have been recorded; this is something else and was not sent',
  message_zh: '上一次提交没有收到应答，可能已经记下；这次内容不同，没有发送',
  next: '请刷新页面查看；确实没有记下的，再提交一次',
  next_en: 'load the page again and look; if it is not there, send it once more',
  request_id: '',
}

/** The secret of this browser's login that its requests repeat; empty when there is none. */
export function csrfHere(): string {
  const found = /(?:^|; )tongban_csrf=([^;]*)/.exec(document.cookie)
  return found ? decodeURIComponent(found[1]) : ''
}

const guard: Middleware = {
  onRequest({ request }) {
    const device = deviceHere()
    if (device) request.headers.set('Tongban-Device', device)
    if (request.method !== 'GET' && request.method !== 'HEAD') request.headers.set('X-CSRF-Token', csrfHere())
    return request
  },
}

/** Turned away at the door: it says nothing of what was sent before under the same key. */
export const saysNothing = (status: number): boolean => status === 401 || status === 429

const unanswered = new Unanswered()

const answers: Middleware = {
  async onRequest({ request }) {
    const key = request.headers.get('Idempotency-Key')
    if (!key) return undefined
    const what = `${request.method} ${request.url} ${await request.clone().text()}`
    if (unanswered.differs(key, what)) {
      unanswered.answered(key) // they are told; whether it goes out now is theirs to say
      return new Response(JSON.stringify(unsure), { status: unsure.status, headers: { 'Content-Type': 'application/problem+json' } })
    }
    unanswered.send(key, what)
    return undefined
  },
  onResponse({ request, response }) {
    const key = request.headers.get('Idempotency-Key')
    if (key && saysNothing(response.status)) unanswered.turnedAway(key)
    else if (key && response.status < 500) unanswered.answered(key)
    return undefined
  },
}

// A node whose machine hangs does not refuse a connection: it says nothing. After
// so long it counts as out of reach; a piece of a file may take longer. A backup is
// made whole before its first byte is sent, and a new hub has the whole ledger to
// catch up with before it has its vote; a stick may hold the papers of weeks.
const patience = 30_000
// The sign at the top of each page asks this alone, every few seconds.
const signPatience = 5_000
const filePatience = 180_000
const longPatience = 30 * 60_000
const long = ['/api/v1/backup', '/api/v1/hubs', '/api/v1/carry/export', '/api/v1/carry/import']

function patienceFor(request: Request): number {
  if (new URL(request.url).pathname === '/api/v1/node') return signPatience
  if (request.method === 'PATCH' || request.method === 'PUT') return filePatience
  return request.method === 'POST' && long.includes(new URL(request.url).pathname) ? longPatience : patience
}

async function patiently(request: Request): Promise<Response> {
  const stop = new AbortController()
  const timer = window.setTimeout(() => stop.abort(), patienceFor(request))
  try {
    return await fetch(request, { signal: stop.signal })
  } finally {
    window.clearTimeout(timer)
  }
}

const client = createClient<paths>({ baseUrl: '/', credentials: 'same-origin', fetch: patiently })
client.use(guard, answers)

export const api = client

let renewing: Promise<boolean> | undefined

/** Renews the session once, however many requests found it ended. */
export function renew(): Promise<boolean> {
  renewing ??= client
    .POST('/api/v1/session/refresh', { body: {} })
    .then(({ response }) => response.ok)
    .catch(() => false)
    .finally(() => {
      renewing = undefined
    })
  return renewing
}

const ended: Array<() => void> = []

/** Calls back when the session has ended and cannot be renewed. */
export function onSessionEnded(tell: () => void): void {
  ended.push(tell)
}

type Answer<T> = { data?: T; error?: unknown; response: Response }

/**
 * Asks, and asks once more with a renewed session if it had run out. Whatever
 * goes wrong is thrown as a Failure.
 */
export function ask<T>(request: () => Promise<Answer<T>>): Promise<T> {
  return asked(request, renew, ended)
}

// Stands beside the login, and when somebody comes back from it.
const pressAgain = {
  message_zh: '登录已失效，刚才的操作没有办理，已填写的内容仍保留',
  detail: 'the login ran out; what was asked last was not done, and what was typed is kept',
  next: '请重新登录，然后再按一次刚才的按钮',
  next_en: 'log in, then press the same button once more',
}

// What is wrong with what was typed at a login, not with a session.
const ranOut = ['unauthenticated', 'session_ended']
const typed = ['login_failed', 'totp_required', 'totp_wrong']

/** As ask, for a session that is renewed another way, and whose end others are told. */
export async function asked<T>(request: () => Promise<Answer<T>>, renewed: () => Promise<boolean>, over: Array<() => void>): Promise<T> {
  let answer = await send(request)
  let loggedOut = false
  if (answer.response.status === 401 && !typed.includes(code(answer.error))) {
    if (await renewed()) answer = await send(request)
    loggedOut = answer.response.status === 401 && ranOut.includes(code(answer.error))
    if (answer.response.status === 401) for (const tell of over) tell()
  }
  if (code(answer.error) === 'device_revoked') await forgetThisDevice()
  if (!answer.response.ok) throw new Failure(isProblem(answer.error) ? { ...answer.error, ...(loggedOut ? pressAgain : {}) } : { ...unreachable, status: answer.response.status })
  return answer.data as T
}

// A device that was lost keeps nothing from the moment it is told.
async function forgetThisDevice(): Promise<void> {
  const { wipeDevice } = await import('../lib/wipe')
  await wipeDevice()
  window.location.assign('/login?device=revoked')
}

async function send<T>(request: () => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await request()
  } catch {
    throw new Failure(unreachable)
  }
}

function isProblem(v: unknown): v is Problem {
  return typeof v === 'object' && v !== null && 'code' in v && 'message_zh' in v
}

function code(v: unknown): string {
  return isProblem(v) ? v.code : ''
}

/** A key for one action: sent again with it, the action still happens once. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}
