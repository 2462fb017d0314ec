const ZONE = 'Asia/Shanghai'
const day = new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, year: 'numeric', month: 'numeric', day: 'numeric' })
const clock = new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', hour12: false })
const monthDay = new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, month: 'long', day: 'numeric' })

/** "09:30", "昨天 09:30", "3月4日 09:30": in the hospital's zone. */
export function spokenTime(iso: string, now: Date = new Date()): string {
  const at = new Date(iso)
  const time = clock.format(at)
  if (day.format(at) === day.format(now)) return time
  if (day.format(at) === day.format(new Date(now.getTime() - 86_400_000))) return `昨天 ${time}`
  return `${monthDay.format(at)} ${time}`
}

/** Seconds as "0:07". */
export const spanText = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
