/** A line of two texts held against each other. */
export interface Line {
  kind: 'same' | 'add' | 'cut'
  text: string
}

/** The longest common lines kept, the others cut and added. For texts of some thousand lines. */
export function lines(before: string, after: string): Line[] {
  const a = before ? before.split('\n') : []
  const b = after ? after.split('\n') : []
  const width = b.length + 1
  const best = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      best[i * width + j] = a[i] === b[j] ? best[(i + 1) * width + j + 1] + 1 : Math.max(best[(i + 1) * width + j], best[i * width + j + 1])
  const out: Line[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i] })
      i++
      j++
    } else if (i < a.length && (j === b.length || best[(i + 1) * width + j] >= best[i * width + j + 1])) out.push({ kind: 'cut', text: a[i++] })
    else out.push({ kind: 'add', text: b[j++] })
  }
  return out
}
