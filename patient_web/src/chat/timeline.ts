import type { Message } from '@/api/types'

/** Messages by seq, each once; one that comes again replaces its older self. */
export function merge(shown: readonly Message[], incoming: readonly Message[]): Message[] {
  if (incoming.length === 0) return [...shown]
  const bySeq = new Map(shown.map((one) => [one.seq, one]))
  for (const one of incoming) bySeq.set(one.seq, one)
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}

export const lastSeq = (messages: readonly Message[]): number => messages.at(-1)?.seq ?? 0
export const firstSeq = (messages: readonly Message[]): number => messages[0]?.seq ?? 0

/** The first seq that is missing between the oldest and the newest message shown; null when none is. */
export function hole(messages: readonly Message[]): number | null {
  for (let index = 1; index < messages.length; index += 1) {
    const expected = messages[index - 1]!.seq + 1
    if (messages[index]!.seq !== expected) return expected
  }
  return null
}

const GAP_MS = 5 * 60_000

/** Whether a time is shown above a message: the first of all, and after five quiet minutes. */
export function startsAnew(messages: readonly Message[], index: number): boolean {
  const previous = messages[index - 1]
  const now = messages[index]
  return !previous || !now || Date.parse(now.at) - Date.parse(previous.at) > GAP_MS
}
