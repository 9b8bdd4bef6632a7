// What Chromium 86, which old desks run, does not understand and the build does not
// take out: a page that has it is broken there, or looks it, and nowhere else. Object.hasOwn is added by src/lib/old.ts.
const styles = [
  [/:(has|is|where)\(/, 'the selector :has(), :is() or :where()'],
  [/@(container|layer|property|scope|starting-style)\b/, 'an at-rule of later years'],
  [/[\d.](d|s|l)v(h|w|b|i|max|min)\b/, 'a unit such as dvh'],
  [/[\d.](cqw|cqh|lh|rlh)\b/, 'a unit of containers or lines'],
  [/[{;]inset(-\w+)?:/, 'inset'],
  [/[{;]aspect-ratio:/, 'aspect-ratio'],
  [/[{;](translate|rotate|scale):/, 'a transform of its own'],
  [/(color-mix|oklch|oklab|lab|lch|hwb|light-dark)\(/, 'a colour of later years'],
  [/[{;](margin|padding)-(inline|block):/, 'two logical sides at once'],
  [/@media[^{]*[<>]/, 'a range in a media query'],
  [/\{[^{}]*&[^{}]*\{/, 'rules within rules'],
]
const scripts = [
  [/\.at\(-?\d/, 'at()'],
  // Vue names some where it hands them on; a page that calls one is found by its call.
  [/(?<!\(this\))\.(findLast|findLastIndex|toSorted|toReversed|toSpliced|isWellFormed|toWellFormed)\(/, 'an array or text method of later years'],
  [/\bObject\.groupBy\b/, 'Object.groupBy'],
  [/\bArray\.fromAsync\b|\bPromise\.(withResolvers|try)\b/, 'Array.fromAsync, Promise.withResolvers or try'],
  [/\bstructuredClone\(/, 'structuredClone'],
  [/\.randomUUID\(/, 'randomUUID, which plain http has not either'],
  [/\bcrypto\.subtle\b/, 'crypto.subtle, which plain http has not'],
  [/\bAbortSignal\.(timeout|any|abort)\b/, 'AbortSignal.timeout, any or abort'],
  [/\bURL\.(canParse|parse)\(/, 'URL.canParse or parse'],
  [/\.(showPicker|checkVisibility|togglePopover|showPopover|hidePopover)\(/, 'a method of elements of later years'],
  [/\bstatic\{/, 'a static block'],
  [/#\w+ in /, 'a look for a private field'],
]

/** What a built file has that Chromium 86 does not understand, in words; nothing for another kind of file. */
export function unknownToOld(name, text) {
  const all = name.endsWith('.css') ? styles : name.endsWith('.js') ? scripts : []
  return all.filter(([sign]) => sign.test(text)).map(([, what]) => what)
}
