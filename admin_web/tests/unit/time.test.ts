import { describe, expect, it } from 'vitest'
import { clockLength, countdown, daysBetween, dueText, exactTime, hospitalDate, parseTime, relativeTime } from '@/lib/time'

const NOW = new Date('2026-11-20T01:00:00Z') // 09:00 in Shanghai

describe('relativeTime', () => {
  it.each([
    ['2026-11-20T00:59:30Z', '刚刚'],
    ['2026-11-20T00:57:00Z', '3 分钟前'],
    ['2026-11-20T01:03:30Z', '3 分钟后'],
    ['2026-11-19T23:00:00Z', '2 小时前'],
    ['2026-11-19T15:59:00Z', '昨天 23:59'],
    ['2026-11-18T02:00:00Z', '前天 10:00'],
    ['2026-11-03T06:05:00Z', '11月3日 14:05'],
    ['2025-12-31T16:30:00Z', '1月1日 00:30'],
    ['2025-12-31T15:30:00Z', '2025年12月31日 23:30'],
    ['2026-11-20T17:00:00Z', '明天 01:00'],
  ])('says %s as %s', (at, text) => expect(relativeTime(at, NOW)).toBe(text))
})

describe('the hospital’s zone', () => {
  it('turns the day at midnight in Shanghai, not in UTC', () => {
    expect(hospitalDate(new Date('2026-11-19T15:59:59Z'))).toBe('2026-11-19')
    expect(hospitalDate(new Date('2026-11-19T16:00:00Z'))).toBe('2026-11-20')
  })
  it('shows the exact time to the second', () => expect(exactTime('2026-11-20T16:03:05Z')).toBe('2026年11月21日 00:03:05'))
  it('reads a time without a zone as UTC', () => expect(parseTime('2026-11-20T01:00:00').toISOString()).toBe('2026-11-20T01:00:00.000Z'))
})

describe('dueText', () => {
  it.each([
    ['2026-11-20', '今天'],
    ['2026-11-21', '明天'],
    ['2026-11-23', '3 天后'],
    ['2026-11-18', '逾期 2 天'],
    ['2027-01-20', '2027年1月20日'],
  ])('says %s as %s', (date, text) => expect(dueText(date, NOW)).toBe(text))
  it('counts whole days over a month’s end', () => expect(daysBetween('2026-01-31', '2026-03-01')).toBe(29))
})

describe('countdown', () => {
  it('is calm with hours left', () => expect(countdown('2026-11-20T03:30:00Z', NOW)).toEqual({ text: '剩 2 小时 30 分', state: 'calm' }))
  it('hurries in the last ten minutes', () => expect(countdown('2026-11-20T01:09:05Z', NOW)).toEqual({ text: '剩 9 分 05 秒', state: 'soon' }))
  it('says how long it is over', () => expect(countdown('2026-11-20T00:58:00Z', NOW)).toEqual({ text: '已超时 2 分 00 秒', state: 'over' }))
})

describe('clockLength', () => {
  it.each([[5, '0:05'], [65.9, '1:05'], [605, '10:05'], [3725, '1:02:05'], [-3, '0:00']])('says %s s as %s', (seconds, text) => expect(clockLength(seconds)).toBe(text))
})
