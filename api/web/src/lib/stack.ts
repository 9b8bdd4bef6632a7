import type { Directive } from 'vue'

// On a phone a row of many columns is cut off at its edge: there each row stands as a
// block of lines, each line with its column's name (theme.css). A table whose rows
// have heads of their own is a grid and stays one.
function label(table: HTMLElement): void {
  const heads = Array.from(table.querySelectorAll('thead tr:last-child > *'), (h) => h.textContent?.trim() ?? '')
  const stacks = heads.length > 2 && !table.querySelector('tbody th[scope=row]')
  table.classList.toggle('stacks', stacks)
  if (!stacks) return
  for (const row of table.querySelectorAll('tbody tr')) {
    const cells = Array.from(row.children)
    if (cells.length === heads.length) cells.forEach((c, i) => c.setAttribute('data-label', c.querySelector(':scope > input[type=checkbox]:only-child') ? '' : heads[i]))
  }
}

export const stack: Directive<HTMLElement> = { mounted: label, updated: label }
