import { beforeEach, describe, expect, it } from 'vitest'
import { load, newId, save, type Pending } from '@/chat/outbox'

const one = (client_id: string, more: Partial<Pending> = {}): Pending => ({
  client_id, text: '冷冻费怎么交', choice: null, state: 'waiting', reason: '', at: '2026-11-21T08:00:00Z', ...more,
})

describe('outbox', () => {
  beforeEach(() => sessionStorage.clear())

  it('gives back after a reload what was not confirmed, but for files', () => {
    const file = { blob: new Blob(['x']), name: 'a.jpg', seconds: null, kind: 'picture' as const, url: 'blob:x' }
    save([one('a'), one('b', { file })])
    expect(load()).toEqual([one('a')])
  })

  it('reads a damaged store as empty', () => {
    sessionStorage.setItem('huifang.chat.outbox', '{"a":')
    expect(load()).toEqual([])
    sessionStorage.setItem('huifang.chat.outbox', '[{"text":1}]')
    expect(load()).toEqual([])
  })

  it('makes ids that differ', () => {
    expect(newId()).not.toBe(newId())
  })
})
