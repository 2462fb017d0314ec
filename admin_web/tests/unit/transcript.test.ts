import { describe, expect, it } from 'vitest'
import { messagesLeft } from '@/lib/transcript'

const event = (kind: string, data: Record<string, unknown> | null) => ({ kind, at: '2026-11-20T01:00:00Z', data })

describe('messages that callers left', () => {
  it('come with their place in the recording', () => {
    const events = [event('call.arrived', {}), event('message.left', { begun_ms: 21000, seconds: 23.4, spoke: true, saved: true })]
    expect(messagesLeft(events)).toEqual([{ beginMs: 21000, seconds: 23, saved: true }])
  })
  it('are none where nobody spoke, and are shown where they could not be kept', () => {
    const silent = event('message.left', { begun_ms: 1, seconds: 8, spoke: false, saved: true })
    const lost = event('message.left', { begun_ms: 2, seconds: 5, spoke: true, saved: false })
    expect(messagesLeft([silent, event('message.left', null), lost])).toEqual([{ beginMs: 2, seconds: 5, saved: false }])
  })
})
