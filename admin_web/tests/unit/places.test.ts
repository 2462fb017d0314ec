import { describe, expect, it } from 'vitest'
import type { Turn } from '@/api/types'
import { answerStart } from '@/lib/places'

const turn = (sender: Turn['sender'], offset_ms: number | null, link_id?: string): Turn => ({
  id: `${sender}${offset_ms}`, sender, text: '', at: '', offset_ms, key: null, source: null, latency_ms: null,
  understanding: link_id ? { link_id } : null,
})

describe('where an answer begins', () => {
  const turns = [turn('bot', 0), turn('patient', 4000), turn('bot', 6000, 'pain'), turn('patient', 9000), turn('bot', 12000, 'advice'), turn('patient', 15000)]
  it('is where the patient spoke before the reply that took it', () => {
    expect(answerStart(turns, 'advice')).toBe(9000)
    expect(answerStart(turns, 'pain')).toBe(4000)
  })
  it('is not known without a reply, or without a place', () => {
    expect(answerStart(turns, 'other')).toBeNull()
    expect(answerStart([turn('patient', null), turn('bot', 1, 'pain')], 'pain')).toBeNull()
    expect(answerStart([], 'pain')).toBeNull()
  })
})
