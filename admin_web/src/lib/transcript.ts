import type { CallEvent, Turn } from '@/api/types'

/** The turn being spoken at a point of the recording; null before the first one begins. */
export function currentTurn(turns: readonly Turn[], atMs: number): Turn | null {
  let found: Turn | null = null
  for (const turn of turns) {
    if (turn.offset_ms !== null && turn.offset_ms <= atMs && (found === null || turn.offset_ms >= (found.offset_ms ?? 0))) found = turn
  }
  return found
}

/** Median and 95th percentile (nearest rank) of the answer delays, in milliseconds. */
export function latencyFigures(turns: readonly Turn[]): { median: number; p95: number; count: number } | null {
  const found = turns.flatMap((turn) => (turn.latency_ms === null ? [] : [turn.latency_ms])).sort((a, b) => a - b)
  if (found.length === 0) return null
  const rank = (share: number): number => found[Math.max(0, Math.ceil(found.length * share) - 1)] as number
  return { median: rank(0.5), p95: rank(0.95), count: found.length }
}

export interface MessageLeft {
  beginMs: number
  seconds: number
  saved: boolean
}

/** The messages that a caller left, with their place in the recording; what holds no voice is none. */
export function messagesLeft(events: readonly CallEvent[]): MessageLeft[] {
  return events
    .flatMap(({ kind, data }) => (kind === 'message.left' && data?.['spoke'] === true ? [data] : []))
    .map((data) => ({ beginMs: Number(data['begun_ms'] ?? 0), seconds: Math.round(Number(data['seconds'] ?? 0)), saved: data['saved'] === true }))
}
