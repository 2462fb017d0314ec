import type { Waveform } from '@/api/calls'
import type { Turn } from '@/api/types'

/** One column of the drawing: how high each side stands, 0 to 1. */
export interface Column {
  patient: number
  bot: number
}

/** The waveform in so many columns: of the steps that fall on a column the highest. */
export function columns(wave: Waveform, count: number): Column[] {
  const steps = wave.patient.length
  const highest = (side: number[], from: number, to: number): number => {
    let top = 0
    for (let at = from; at < to; at += 1) top = Math.max(top, side[at] ?? 0)
    return top / 255
  }
  return Array.from({ length: Math.max(0, count) }, (_, column) => {
    const from = Math.floor((column * steps) / count)
    const to = Math.max(from + 1, Math.floor(((column + 1) * steps) / count))
    return { patient: highest(wave.patient, from, to), bot: highest(wave.bot, from, to) }
  })
}

/** Where a turn lies on the drawing, as shares of its width; null for one that has no place or no length. */
export function band(turn: Turn | null, lengthSeconds: number): { left: number; right: number } | null {
  if (!turn || turn.offset_ms === null || turn.until_ms === null || turn.until_ms === undefined || lengthSeconds <= 0) return null
  const share = (ms: number): number => Math.min(1, Math.max(0, ms / 1000 / lengthSeconds))
  const place = { left: share(turn.offset_ms), right: share(turn.until_ms) }
  return place.right > place.left ? place : null
}
