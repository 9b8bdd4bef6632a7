/** Keeps a page as things are: it is read again when it is told to, one reading at a time. */
export interface Keeper {
  /** Something changed: read now, or after what is being read. */
  tell: () => Promise<void>
  /** Reads what could not be read when it was told. */
  tick: () => Promise<void>
}

/**
 * `read` answers false where it may not be read now, as a form is open: then it is read
 * at a later tick. What comes while it reads is read after that.
 */
export function keeper(read: () => unknown): Keeper {
  let due = false
  let reading = false
  async function run() {
    if (reading) return
    reading = true
    try {
      while (due) {
        due = false
        if ((await read()) === false) {
          due = true
          return
        }
      }
    } finally {
      reading = false
    }
  }
  return {
    tell() {
      due = true
      return run()
    },
    tick: run,
  }
}
