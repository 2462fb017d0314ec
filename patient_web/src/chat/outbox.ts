/** What the patient sent and the hospital has not yet confirmed; survives a reload of the page in this tab. */

export interface Pending {
  client_id: string
  text: string
  choice: string | null
  /** waiting: goes out by itself; refused: the patient must act. */
  state: 'waiting' | 'refused'
  reason: string
  at: string
  file?: { blob: Blob; name: string; seconds: number | null; kind: 'picture' | 'voice'; url: string }
  handoff?: boolean
}

const KEY = 'huifang.chat.outbox'

export function load(store: Storage = sessionStorage): Pending[] {
  try {
    const found = JSON.parse(store.getItem(KEY) ?? '[]') as Pending[]
    return Array.isArray(found) ? found.filter((one) => typeof one.client_id === 'string' && typeof one.text === 'string') : []
  } catch {
    return []
  }
}

/** Keeps the texts; a file cannot be kept over a reload. */
export function save(pending: readonly Pending[], store: Storage = sessionStorage): void {
  try {
    store.setItem(KEY, JSON.stringify(pending.filter((one) => !one.file)))
  } catch {
    // A full or forbidden store loses only what a reload would lose.
  }
}

export const newId = (): string =>
  typeof crypto.randomUUID === 'function' ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
