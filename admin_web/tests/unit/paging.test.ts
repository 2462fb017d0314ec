import { describe, expect, it } from 'vitest'
import { ApiProblem } from '@/api/problem'
import type { Page } from '@/api/types'
import { readFilters, writeFilters } from '@/composables/useFilters'
import { usePaged } from '@/composables/usePaged'

const page = (items: number[], next: string | null = null, total: number | null = null): Page<number> => ({ items, next_cursor: next, total })

describe('usePaged', () => {
  it('appends by cursor until there is no more', async () => {
    const asked: (string | null)[] = []
    const list = usePaged<number>(async (cursor) => {
      asked.push(cursor)
      return cursor === null ? page([1, 2], 'c2', 3) : page([3])
    })
    await list.reload()
    expect([list.items.value, list.hasMore.value, list.total.value]).toEqual([[1, 2], true, 3])
    await list.more()
    await list.more()
    expect([list.items.value, list.hasMore.value, list.total.value]).toEqual([[1, 2, 3], false, 3])
    expect(asked).toEqual([null, 'c2'])
  })

  it('drops an answer that a newer question overtook', async () => {
    const answers: ((value: Page<number>) => void)[] = []
    const list = usePaged<number>(() => new Promise((resolve) => answers.push(resolve)))
    const first = list.reload()
    const second = list.reload()
    answers[1]?.(page([2]))
    answers[0]?.(page([1]))
    await Promise.all([first, second])
    expect(list.items.value).toEqual([2])
    expect(list.loading.value).toBe(false)
  })

  it('keeps the problem for the page and recovers on reload', async () => {
    let fails = true
    const list = usePaged<number>(async () => {
      if (fails) throw new ApiProblem('系统繁忙', 503)
      return page([7])
    })
    await list.reload()
    expect(list.error.value?.message).toBe('系统繁忙')
    fails = false
    await list.reload()
    expect([list.error.value, list.items.value]).toEqual([null, [7]])
  })

  it('does not refresh over a running load', async () => {
    let calls = 0
    const list = usePaged<number>(async () => page([(calls += 1)]))
    const load = list.reload()
    await list.refresh()
    await load
    expect(calls).toBe(1)
  })
})

describe('filters in the address', () => {
  const defaults = { period: 'day', q: '' }
  it('reads what is there and defaults the rest', () => expect(readFilters(defaults, { period: 'week', other: '1' })).toEqual({ period: 'week', q: '' }))
  it('takes the first of a repeated one', () => expect(readFilters(defaults, { q: ['a', 'b'] }).q).toBe('a'))
  it('leaves defaults out and keeps strangers', () => expect(writeFilters(defaults, { period: 'week', tab: 'x' }, { period: 'day', q: '张' })).toEqual({ tab: 'x', q: '张' }))
})
