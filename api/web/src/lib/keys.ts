import { onActivated, onBeforeUnmount, onDeactivated, onMounted } from 'vue'

export type Keys = Record<string, (e: KeyboardEvent) => void>

const layers: Keys[] = []

/** Whether somebody is writing: then keys are letters. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT') return true
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'file', 'range'].includes(target.type)
}

/**
 * What a key does here, the latest page first. Not while somebody types, not
 * while an input method composes (Chinese input uses letters and Enter for
 * itself), not with a modifier, which is the browser's.
 */
export function dispatch(e: KeyboardEvent): void {
  if (e.defaultPrevented || e.isComposing || e.keyCode === 229 || e.ctrlKey || e.metaKey || e.altKey || isTyping(e.target)) return
  // A page that is covered has no keys, but for those of what covers it.
  if (document.querySelector('[aria-modal="true"]') && e.key !== 'Escape') return
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key
  // A button or link that has the focus takes Enter itself.
  if (key === 'Enter' && e.target instanceof HTMLElement && e.target.closest('button, a, summary, label, input')) return
  for (let i = layers.length - 1; i >= 0; i--) {
    if (key in layers[i]) {
      e.preventDefault()
      layers[i][key](e)
      return
    }
  }
}

let listening = false

/** Keys of a page or a part, for as long as it is shown. */
export function useKeys(keys: Keys): void {
  const add = () => {
    if (!listening) window.addEventListener('keydown', dispatch)
    listening = true
    if (!layers.includes(keys)) layers.push(keys)
  }
  const remove = () => {
    const at = layers.indexOf(keys)
    if (at >= 0) layers.splice(at, 1)
  }
  onMounted(add)
  onActivated(add)
  onDeactivated(remove)
  onBeforeUnmount(remove)
}
