import type { LiveEvent } from '@/api/types'

export interface Said {
  id: string
  sender: string
  text: string
}
const KEPT = 4

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Adds one spoken message to the last few of its call; anything else leaves them as they are. */
export function withMessage(said: ReadonlyMap<string, Said[]>, event: LiveEvent): ReadonlyMap<string, Said[]> {
  const callId = text(event.data.call_id)
  const words = text(event.data.text)
  if (event.name !== 'message.added' || callId === '' || words === '') return said
  const before = said.get(callId) ?? []
  const id = text(event.data.message_id) || `${event.at}-${words}`
  if (before.some((one) => one.id === id)) return said
  const next = new Map(said)
  next.set(callId, [...before, { id, sender: text(event.data.sender) || 'bot', text: words }].slice(-KEPT))
  return next
}

/** Forgets calls that are over. */
export function onlyLive(said: ReadonlyMap<string, Said[]>, callIds: readonly string[]): ReadonlyMap<string, Said[]> {
  return new Map([...said].filter(([callId]) => callIds.includes(callId)))
}
