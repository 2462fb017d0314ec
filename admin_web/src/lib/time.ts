/** Times for people, always in the hospital's zone whatever the computer's own is. */

export const HOSPITAL_ZONE = 'Asia/Shanghai'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface Parts {
  year: number
  month: number
  day: number
  hour: string
  minute: string
  second: string
}

const formatter = new Intl.DateTimeFormat('en-GB', {
  timeZone: HOSPITAL_ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

function partsOf(at: Date): Parts {
  const found = Object.fromEntries(formatter.formatToParts(at).map((part) => [part.type, part.value]))
  return {
    year: Number(found.year),
    month: Number(found.month),
    day: Number(found.day),
    hour: found.hour ?? '00',
    minute: found.minute ?? '00',
    second: found.second ?? '00',
  }
}

const two = (value: number): string => String(value).padStart(2, '0')

/** Reads ISO-8601; a time without a zone is UTC, as the API says. */
export function parseTime(iso: string): Date {
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`
  return new Date(zoned)
}

/** The hospital's calendar date, YYYY-MM-DD. */
export function hospitalDate(at: Date): string {
  const { year, month, day } = partsOf(at)
  return `${year}-${two(month)}-${two(day)}`
}

/** "2026年11月20日 09:03:05", for the hover. */
export function exactTime(iso: string): string {
  const part = partsOf(parseTime(iso))
  return `${part.year}年${part.month}月${part.day}日 ${part.hour}:${part.minute}:${part.second}`
}

/** "09:03" */
export function clockTime(iso: string): string {
  const { hour, minute } = partsOf(parseTime(iso))
  return `${hour}:${minute}`
}

/** Whole calendar days from one date to another, both YYYY-MM-DD. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY)
}

/** "刚刚", "3 分钟前", "昨天 14:05", "11月3日 14:05"; ahead of now "3 分钟后". */
export function relativeTime(iso: string, now: Date): string {
  const at = parseTime(iso)
  const distance = now.getTime() - at.getTime()
  const size = Math.abs(distance)
  const side = distance >= 0 ? '前' : '后'
  if (size < MINUTE) return distance >= 0 ? '刚刚' : '马上'
  if (size < HOUR) return `${Math.floor(size / MINUTE)} 分钟${side}`
  const days = daysBetween(hospitalDate(at), hospitalDate(now))
  if (days === 0) return `${Math.floor(size / HOUR)} 小时${side}`
  const named: Record<number, string> = { 1: '昨天', 2: '前天', [-1]: '明天' }
  if (named[days]) return `${named[days]} ${clockTime(iso)}`
  const { year, month, day } = partsOf(at)
  const date = year === partsOf(now).year ? `${month}月${day}日` : `${year}年${month}月${day}日`
  return `${date} ${clockTime(iso)}`
}

/** "今天", "明天", "3 天后", "逾期 2 天", further off the date itself. */
export function dueText(dueOn: string, now: Date): string {
  const days = daysBetween(hospitalDate(now), dueOn)
  if (days === 0) return '今天'
  if (days === 1) return '明天'
  if (days < 0) return `逾期 ${-days} 天`
  return days <= 30 ? `${days} 天后` : dateText(dueOn)
}

/** "2026年11月20日" of YYYY-MM-DD. */
export function dateText(date: string): string {
  const [year, month, day] = date.slice(0, 10).split('-').map(Number)
  return year && month && day ? `${year}年${month}月${day}日` : date
}

/** Seconds as "1:05" or "1:02:05". */
export function clockLength(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(whole / 3600)
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/, '')
}

export interface Countdown {
  text: string
  state: 'calm' | 'soon' | 'over'
}

/** Time left until a deadline; soon from the last ten minutes on, over once it passed. */
export function countdown(deadline: string, now: Date): Countdown {
  const left = parseTime(deadline).getTime() - now.getTime()
  const size = Math.abs(left)
  let text: string
  if (size < HOUR) text = `${Math.floor(size / MINUTE)} 分 ${two(Math.floor((size % MINUTE) / 1000))} 秒`
  else if (size < DAY) text = `${Math.floor(size / HOUR)} 小时 ${Math.floor((size % HOUR) / MINUTE)} 分`
  else text = `${Math.floor(size / DAY)} 天 ${Math.floor((size % DAY) / HOUR)} 小时`
  if (left < 0) return { text: `已超时 ${text}`, state: 'over' }
  return { text: `剩 ${text}`, state: left <= 10 * MINUTE ? 'soon' : 'calm' }
}
