// No wait in the browser tests is without a limit, and each says what for.

/** How long a page, a line or a node may take over one thing, on a slow and busy machine. */
export const patience = 60_000

/** What a promise gives, or an error that says what did not come. */
export function within(what, promise, limit = patience) {
  let timer
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${limit / 1000} s for ${what}`)), limit)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/**
 * Asks again and again until the answer is something, and gives it. What only
 * another process knows cannot be awaited otherwise.
 */
export async function until(what, ask, limit = patience) {
  const end = Date.now() + limit
  let last
  for (;;) {
    try {
      const answer = await within(what, ask(), Math.max(end - Date.now(), 1))
      if (answer) return answer
    } catch (e) {
      last = e
    }
    if (Date.now() >= end) throw new Error(`waited ${limit / 1000} s for ${what}` + (last ? `: ${last.message}` : ''))
    await new Promise((done) => setTimeout(done, 100))
  }
}
