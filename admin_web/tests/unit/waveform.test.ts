import { describe, expect, it } from 'vitest'
import type { Turn } from '@/api/types'
import { band, columns } from '@/lib/waveform'

const turn = (offset_ms: number | null, until_ms: number | null): Turn => ({
  id: 't', sender: 'bot', text: '', at: '', offset_ms, until_ms, key: null, source: null, latency_ms: null, understanding: null,
})

describe('columns', () => {
  const wave = { step_ms: 20, patient: [0, 255, 0, 51], bot: [51, 0, 0, 0] }
  it('shows the highest of the steps that fall on a column', () =>
    expect(columns(wave, 2)).toEqual([{ patient: 1, bot: 0.2 }, { patient: 0.2, bot: 0 }]))
  it('repeats steps where there is more room than sound', () => expect(columns(wave, 8).map((one) => one.patient)).toEqual([0, 0, 1, 1, 0, 0, 0.2, 0.2]))
  it('draws nothing of nothing', () => {
    expect(columns({ step_ms: 20, patient: [], bot: [] }, 3)).toEqual(Array(3).fill({ patient: 0, bot: 0 }))
    expect(columns(wave, 0)).toEqual([])
  })
})

describe('band', () => {
  it('lies where the turn was said', () => expect(band(turn(1000, 3000), 10)).toEqual({ left: 0.1, right: 0.3 }))
  it('ends with the recording', () => expect(band(turn(9000, 12000), 10)).toEqual({ left: 0.9, right: 1 }))
  it.each([[turn(null, null), 10], [turn(1000, null), 10], [turn(1000, 1000), 10], [turn(1000, 2000), 0], [null, 10]] as const)('has no place without one', (one, length) =>
    expect(band(one, length)).toBeNull())
})
