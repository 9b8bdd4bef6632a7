import { ask, Failure, type Problem } from '../api'

/**
 * Printing: a document is written into a window of its own, which has nothing
 * but the document, and the browser's print dialogue opens over it. One window
 * is used again and again.
 *
 * The window must be opened in the very click or key that asks for it, or the
 * browser takes it for an advertisement; the document is filled in when the node
 * has made it.
 */
export class PrintWindow {
  private readonly window: Window | null

  /** `waiting` is what the window says meanwhile. */
  constructor(waiting: string) {
    this.window = window.open('', 'tongban-print')
    this.write(`<!doctype html><meta charset="utf-8"><title></title><p></p>`)
    const d = this.window?.document
    if (d?.querySelector('p')) {
      d.title = waiting
      d.querySelector('p')!.textContent = waiting
    }
  }

  /** Whether the browser let the window open. */
  get open(): boolean {
    return !!this.window && !this.window.closed
  }

  /** Shows a document (a whole page of the node's) and asks for the printer. */
  print(page: string): void {
    this.write(page)
    this.window?.focus()
    this.window?.print()
  }

  close(): void {
    this.window?.close()
  }

  private write(page: string): void {
    const d = this.window?.document
    if (!d) return
    d.open()
    d.write(page)
    d.close()
  }
}

const blocked: Problem = {
  type: 'about:blank',
  title: 'window blocked',
  status: 0,
  code: 'print_window_blocked',
  detail: 'the browser did not let the print window open; nothing was printed',
  message_zh: '浏览器拦截了打印窗口，尚未打印',
  next: '请在地址栏允许本站弹出窗口，再点一次打印',
  request_id: '',
}

type Answer = { data?: unknown; error?: unknown; response: Response }

/**
 * Prints what the node answers with, a page in HTML. A failure closes the window
 * and is thrown. A window that was blocked is told before the node is asked, so
 * that no copy counts as printed that nobody has.
 */
export async function printPage(waiting: string, page: () => Promise<Answer>): Promise<void> {
  const w = new PrintWindow(waiting)
  if (!w.open) throw new Failure(blocked)
  try {
    w.print(String(await ask(page)))
  } catch (e) {
    w.close()
    throw e
  }
}
