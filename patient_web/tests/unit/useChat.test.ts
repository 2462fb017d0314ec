import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useChat, type Chat } from '@/chat/useChat'
import { FakeSocket } from './fakeSocket'
import { conversation, LIMITS, message, visit } from './messages'

const answers = new Map<string, () => Response>()
const asked: { path: string; body: unknown; authorization: string | null }[] = []
const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

function serve(path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers)
  asked.push({ path, body: typeof init.body === 'string' ? JSON.parse(init.body) : null, authorization: headers.get('authorization') })
  const answer = answers.get(path.split('?')[0]!)
  return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError('network'))
}

async function opened(): Promise<Chat> {
  const chat = useChat('h5')
  await chat.start()
  FakeSocket.last().open()
  FakeSocket.last().say({ type: 'welcome', conversation, messages: [], more: false, limits: LIMITS })
  return chat
}
const sends = (socket: FakeSocket): string[] => socket.sent.filter(({ type }) => type === 'send').map(({ client_id }) => String(client_id))

describe('useChat', () => {
  beforeEach(() => {
    sessionStorage.clear()
    localStorage.clear()
    asked.length = 0
    answers.clear()
    FakeSocket.all = []
    vi.stubGlobal('fetch', serve)
    vi.stubGlobal('WebSocket', FakeSocket)
    vi.useFakeTimers()
    answers.set('/api/chat/visits', () => json(visit()))
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('shows its words at once and takes them as said only when the hospital has them', async () => {
    const chat = await opened()
    chat.sendText('冷冻费怎么交')
    expect(chat.pending.map(({ text }) => text)).toEqual(['冷冻费怎么交'])
    const id = sends(FakeSocket.last())[0]!
    FakeSocket.last().say({ type: 'accepted', client_id: id, message: message(2, { sender: 'patient', client_id: id }) })
    expect(chat.pending).toHaveLength(0)
    expect(chat.messages.value.map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('sends again under the same id after a dropped connection, and shows it once', async () => {
    const chat = await opened()
    chat.sendText('冷冻费怎么交')
    const id = sends(FakeSocket.last())[0]!
    FakeSocket.last().drop(1006)
    vi.advanceTimersByTime(1300)
    const again = FakeSocket.last()
    again.open()
    expect(again.sent[0]).toEqual({ type: 'hello', token: 't1', after: 1 })
    const kept = message(2, { sender: 'patient', client_id: id })
    again.say({ type: 'welcome', conversation, messages: [], more: false, limits: LIMITS })
    expect(sends(again)).toEqual([id])
    again.say({ type: 'accepted', client_id: id, message: kept })
    again.say({ type: 'message', message: kept })
    expect(chat.pending).toHaveLength(0)
    expect(chat.messages.value).toHaveLength(2)
  })

  it('goes by request while the socket is away', async () => {
    const chat = await opened()
    FakeSocket.last().drop(1006)
    answers.set('/api/chat/messages', () => json({ message: message(2, { sender: 'patient' }), replies: [message(3)], conversation }))
    chat.sendText('几点上班')
    await vi.waitFor(() => expect(chat.messages.value.map(({ seq }) => seq)).toEqual([1, 2, 3]))
    expect(chat.pending).toHaveLength(0)
    expect(asked.at(-1)).toMatchObject({ path: '/api/chat/messages', authorization: 'Bearer t1', body: { text: '几点上班' } })
  })

  it('keeps what was refused, with the reason, until the patient decides', async () => {
    const chat = await opened()
    chat.sendText('字'.repeat(3))
    const id = sends(FakeSocket.last())[0]!
    FakeSocket.last().say({ type: 'error', code: 'too_long', title: '一次最多写 2000 个字', client_id: id, retryable: false })
    expect(chat.pending[0]).toMatchObject({ state: 'refused', reason: '一次最多写 2000 个字' })
    chat.discard(id)
    expect(chat.pending).toHaveLength(0)
  })

  it('fetches what is missing between two messages', async () => {
    answers.set('/api/chat/messages', () => json({ items: [message(2), message(3)], more: false }))
    const chat = await opened()
    FakeSocket.last().say({ type: 'message', message: message(4) })
    await vi.waitFor(() => expect(chat.messages.value.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]))
    expect(asked.at(-1)?.path).toBe('/api/chat/messages?after=1&limit=200')
  })

  it('says so when the hospital cannot be reached, and can be tried again', async () => {
    answers.delete('/api/chat/visits')
    const chat = useChat('h5')
    await chat.start()
    expect(chat.state.value).toBe('failed')
    expect(chat.failure.value).toContain('网络')
    answers.set('/api/chat/visits', () => json(visit()))
    await chat.start()
    expect(chat.state.value).toBe('ready')
  })

  it('sends after a reload what an earlier page had not got through', async () => {
    const first = await opened()
    first.sendText('第一次没发出去')
    const id = sends(FakeSocket.last())[0]!
    answers.set('/api/chat/visits', () => json(visit({ token: null, resumed: true })))
    const second = await opened()
    expect(second.pending.map(({ client_id }) => client_id)).toEqual([id])
    expect(sends(FakeSocket.last())).toEqual([id])
  })
})
