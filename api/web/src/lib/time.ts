const parts = new Intl.DateTimeFormat('zh-CN', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** An instant as people here read it: 2026-11-23 15:04, Beijing time. */
export function moment(ms: number | undefined): string {
  if (!ms) return ''
  const p = Object.fromEntries(parts.formatToParts(new Date(ms)).map((x) => [x.type, x.value]))
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}`
}

/** The hour and minute of an instant, Beijing time. */
export function clock(ms: number): string {
  return moment(ms).slice(11)
}

/** An instant of today by its hour and minute, an earlier one with its day. */
export function today(ms: number, now = Date.now()): string {
  const [then, day] = [moment(ms), moment(now).slice(0, 10)]
  return then.startsWith(day) ? then.slice(11) : then.slice(5)
}

/** The day some days from now, Beijing time. */
export function inDays(days: number, now = Date.now()): string {
  return moment(now + days * 86_400_000).slice(0, 10)
}

/** An instant as a field of date and time takes it: 2026-11-23T15:04, Beijing time. */
export function local(ms: number): string {
  return moment(ms).replace(' ', 'T')
}

/** What such a field holds, as an instant; nothing where it is empty. */
export function instant(text: string): number | undefined {
  const ms = Date.parse(`${text}:00+08:00`)
  return Number.isNaN(ms) ? undefined : ms
}
