import type { Turn } from '@/api/types'

/** Where in the recording the last answer to a question begins, in milliseconds; null where that is not known. */
export function answerStart(turns: Turn[], linkId: string): number | null {
  const reply = turns.map((turn) => turn.sender === 'bot' && turn.understanding?.link_id === linkId).lastIndexOf(true)
  const said = turns.slice(0, Math.max(0, reply)).filter((turn) => turn.sender === 'patient' && turn.offset_ms !== null)
  return said.at(-1)?.offset_ms ?? null
}
