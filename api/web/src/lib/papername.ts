/** How long the name of a paper may be, in bytes of UTF-8; a node refuses longer ones. */
export const longestName = 200

const bytes = (s: string) => new TextEncoder().encode(s).length

/** A name that a node takes: its middle is left out where it is too long, its extension stays. */
export function fittingName(name: string): string {
  if (bytes(name) <= longestName) return name
  const extension = /\.\w{1,8}$/.exec(name)?.[0] ?? ''
  const letters = Array.from(name.slice(0, name.length - extension.length))
  while (bytes(letters.join('') + '…' + extension) > longestName) letters.pop()
  return letters.join('') + '…' + extension
}

/** The file under a name that a node takes. */
export function named(file: File): File {
  const name = fittingName(file.name)
  return name === file.name ? file : new File([file], name, { type: file.type })
}
