import { api, asked, csrfHere, type Schemas } from './index'

export type MyAccount = Schemas['MyAccount']

let renewing: Promise<boolean> | undefined

// Renews an applicant's session once, however many requests found it ended.
function renewMine(): Promise<boolean> {
  renewing ??= api
    .POST('/api/v1/my/session/refresh', { body: {} })
    .then(({ response }) => response.ok)
    .catch(() => false)
    .finally(() => {
      renewing = undefined
    })
  return renewing
}

const ended: Array<() => void> = []

/** Calls back when an applicant's session has ended and cannot be renewed. */
export function onVisitEnded(tell: () => void): void {
  ended.push(tell)
}

/** As ask, in the name of an applicant. */
export function askMine<T>(request: () => Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  return asked(request, renewMine, ended)
}

/** Whether this browser may have a session at all: without one nothing need be asked. */
export const mayHaveVisit = (): boolean => csrfHere() !== ''
