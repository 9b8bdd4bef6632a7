import type { Directive } from 'vue'

const itself = 'a, button, input, label, select, textarea, summary, [role=button]'

function linkOf(row: HTMLElement): HTMLAnchorElement | null {
  return row.querySelector<HTMLAnchorElement>('a[href]')
}

// What was marked to be copied is not a click; what stands in the row and takes
// clicks itself has them.
function apart(e: MouseEvent): boolean {
  return e.defaultPrevented || (e.target instanceof Element && !!e.target.closest(itself)) || !!window.getSelection()?.toString()
}

function click(e: MouseEvent): void {
  const link = linkOf(e.currentTarget as HTMLElement)
  if (!link || apart(e)) return
  if (e.ctrlKey || e.metaKey || e.shiftKey || e.button === 1) window.open(link.href, '_blank', 'noopener')
  else link.click()
}

function middle(e: MouseEvent): void {
  if (e.button === 1) click(e)
}

// The middle button would begin to scroll.
function still(e: MouseEvent): void {
  if (e.button === 1 && !apart(e)) e.preventDefault()
}

/** A row opens what its first link does, wherever it is clicked; with Ctrl or the middle button in a new tab. */
export const opens: Directive<HTMLElement> = {
  mounted(row) {
    row.classList.add('opens')
    row.addEventListener('click', click)
    row.addEventListener('auxclick', middle)
    row.addEventListener('mousedown', still)
  },
  // The classes of a row are its own and change.
  updated: (row) => row.classList.add('opens'),
}

/** Goes to the link of the next row that opens something, or the one before; the first when none has the focus. */
export function stepRow(by: number): void {
  const rows = Array.from(document.querySelectorAll<HTMLElement>('main tr.opens')).filter(linkOf)
  if (!rows.length) return
  const at = rows.findIndex((r) => r.contains(document.activeElement))
  linkOf(rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)])?.focus()
}
