import { describe, expect, it } from 'vitest'
import { hole, lastSeq, merge, startsAnew } from '@/chat/timeline'
import { message } from './messages'

describe('merge', () => {
  it('keeps one message per seq, in order, the newest word about each', () => {
    const shown = [message(1), message(2)]
    const rated = message(2, { useful: true })
    const all = merge(shown, [message(4), rated, message(3)])
    expect(all.map((one) => one.seq)).toEqual([1, 2, 3, 4])
    expect(all[1]).toBe(rated)
    expect(lastSeq(all)).toBe(4)
  })
})

describe('hole', () => {
  it('names the first seq that is missing', () => {
    expect(hole([message(7), message(8), message(10), message(12)])).toBe(9)
    expect(hole([message(7), message(8)])).toBeNull()
    expect(hole([])).toBeNull()
  })
})

describe('startsAnew', () => {
  it('shows a time at the start and after a pause', () => {
    const list = [
      message(1, { at: '2026-11-21T08:00:00+08:00' }),
      message(2, { at: '2026-11-21T08:04:00+08:00' }),
      message(3, { at: '2026-11-21T08:09:01+08:00' }),
    ]
    expect([0, 1, 2].map((index) => startsAnew(list, index))).toEqual([true, false, true])
  })
})
