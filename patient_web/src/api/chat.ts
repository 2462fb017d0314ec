import { offline, toProblem } from './problem'
import type { Conversation, Identity, Message, Question, Sent, Visit } from './types'

const TOKEN = 'huifang.chat.token'
export const SOCKET_PATH = '/api/chat/socket'

/** The visitor's token: in this browser only, never in an address. */
export const token = {
  get: (): string | null => localStorage.getItem(TOKEN),
  set: (value: string): void => localStorage.setItem(TOKEN, value),
  clear: (): void => localStorage.removeItem(TOKEN),
}

async function request(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json, application/problem+json' }
  const mine = token.get()
  if (mine) headers.Authorization = `Bearer ${mine}`
  const form = body instanceof FormData
  if (body !== undefined && !form) headers['Content-Type'] = 'application/json'
  const sent = body === undefined ? null : form ? body : JSON.stringify(body)
  const response = await fetch(path, { method, headers, body: sent, credentials: 'omit' }).catch(() => {
    throw offline()
  })
  if (response.ok) return response
  throw toProblem(response.status, await response.json().catch(() => null))
}

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await request(method, path, body)).json() as Promise<T>
}

export const visit = (entry: string): Promise<Visit> => json('POST', '/api/chat/visits', { entry })
export const send = (client_id: string, text: string, choice: string | null): Promise<Sent> =>
  json('POST', '/api/chat/messages', { client_id, text, ...(choice ? { choice } : {}) })
export const questions = (words: string): Promise<Question[]> => json('POST', '/api/chat/questions', { words })
export const before = (seq: number): Promise<{ items: Message[]; more: boolean }> =>
  json('GET', `/api/chat/messages?before=${seq}&limit=30`)
export const after = (seq: number): Promise<{ items: Message[]; more: boolean }> =>
  json('GET', `/api/chat/messages?after=${seq}&limit=200`)
export const handoff = (client_id: string): Promise<Sent> => json('POST', '/api/chat/handoff', { client_id })
export const rate = (id: string, useful: boolean, word: string): Promise<Message> =>
  json('POST', `/api/chat/messages/${id}/rating`, { useful, ...(word ? { word } : {}) })
export const satisfaction = (score: number, word: string): Promise<Conversation> =>
  json('POST', '/api/chat/satisfaction', { score, ...(word ? { word } : {}) })
export const identify = (identity: Identity): Promise<Conversation> => json('POST', '/api/chat/identify', identity)
export const forget = (): Promise<Conversation> => json('DELETE', '/api/chat/identity')
export const end = (): Promise<Conversation> => json('POST', '/api/chat/end')

export function upload(client_id: string, file: Blob, name: string, seconds: number | null): Promise<Sent> {
  const form = new FormData()
  form.append('client_id', client_id)
  form.append('file', file, name)
  if (seconds !== null) form.append('seconds', String(seconds))
  return json('POST', '/api/chat/files', form)
}

/** A file's bytes as an address for this page only; release it with URL.revokeObjectURL. */
export const fileUrl = async (id: string): Promise<string> =>
  URL.createObjectURL(await (await request('GET', `/api/chat/files/${id}`)).blob())
