import { computed, reactive, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import * as api from '@/api/chat'
import { problemOf, type ApiProblem } from '@/api/problem'
import type { Conversation, Limits, Message, Sent, ServerFrame } from '@/api/types'
import { load, newId, save, type Pending } from './outbox'
import { ChatSocket } from './socket'
import { firstSeq, hole, lastSeq, merge } from './timeline'

const LIMITS: Limits = { text_chars: 2000, picture_bytes: 10_485_760, voice_bytes: 2_097_152, voice_seconds: 60, messages_per_minute: 20 }
const TYPING_MS = 12_000
const RETRY_MS = 3_000

export interface Chat {
  messages: ShallowRef<Message[]>
  pending: Pending[]
  conversation: ShallowRef<Conversation | null>
  hospital: Ref<string>
  limits: ShallowRef<Limits>
  online: Ref<boolean>
  state: Ref<'starting' | 'ready' | 'failed'>
  failure: Ref<string>
  typing: Ref<'bot' | 'staff' | null>
  hasOlder: ComputedRef<boolean>
  start: () => Promise<void>
  sendText: (text: string, choice?: string | null) => void
  sendFile: (blob: Blob, name: string, kind: 'picture' | 'voice', seconds: number | null) => void
  askPerson: () => void
  retry: (clientId: string) => void
  discard: (clientId: string) => void
  older: () => Promise<void>
  seen: (seq: number) => void
  replace: (message: Message) => void
  settle: (conversation: Conversation) => void
}

/** One conversation: what was said, what is on its way, and a line to the hospital that mends itself. */
export function useChat(entry: string): Chat {
  const messages = shallowRef<Message[]>([])
  const pending = reactive<Pending[]>(load())
  const conversation = shallowRef<Conversation | null>(null)
  const limits = shallowRef(LIMITS)
  const hospital = ref('')
  const online = ref(false)
  const state = ref<'starting' | 'ready' | 'failed'>('starting')
  const failure = ref('')
  const typing = ref<'bot' | 'staff' | null>(null)
  const inFlight = new Set<string>()
  let typingTimer: ReturnType<typeof setTimeout> | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let seenSeq = 0

  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new ChatSocket(`${scheme}//${location.host}${api.SOCKET_PATH}`, {
    hello: () => {
      const mine = api.token.get()
      return mine ? { token: mine, after: lastSeq(messages.value) } : null
    },
    frame: take,
    online: (yes) => {
      online.value = yes
      if (yes) flush()
    },
    tokenDead: () => {
      api.token.clear()
      void start()
    },
  })
  addEventListener('online', () => socket.hurry())
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && socket.hurry())

  function add(incoming: readonly Message[]): void {
    messages.value = merge(messages.value, incoming)
    for (const one of incoming) {
      if (one.client_id) settlePending(one.client_id)
      if (one.sender !== 'patient') showTyping(null)
    }
    const missing = hole(messages.value)
    if (missing !== null) void catchUp(missing - 1)
  }

  function showTyping(by: 'bot' | 'staff' | null): void {
    clearTimeout(typingTimer)
    typing.value = by
    if (by) typingTimer = setTimeout(() => (typing.value = null), TYPING_MS)
  }

  async function catchUp(from: number): Promise<void> {
    const page = await api.after(from).catch(() => null)
    if (!page) return
    add(page.items)
    if (page.more && page.items.length > 0) await catchUp(lastSeq(page.items))
  }

  function take(frame: ServerFrame): void {
    if (frame.type === 'welcome') {
      conversation.value = frame.conversation
      limits.value = frame.limits
      add(frame.messages)
      if (frame.more) void catchUp(lastSeq(messages.value))
    } else if (frame.type === 'message' || frame.type === 'accepted') add([frame.message])
    else if (frame.type === 'conversation') conversation.value = frame.conversation
    else if (frame.type === 'typing') showTyping(frame.by)
    else if (frame.type === 'error' && frame.client_id) refused(frame.client_id, frame.title, frame.retryable)
  }

  function settlePending(clientId: string): void {
    inFlight.delete(clientId)
    const index = pending.findIndex((one) => one.client_id === clientId)
    if (index < 0) return
    const [gone] = pending.splice(index, 1)
    if (gone?.file) URL.revokeObjectURL(gone.file.url)
    save(pending)
  }

  function refused(clientId: string, reason: string, retryable: boolean): void {
    inFlight.delete(clientId)
    const one = pending.find((each) => each.client_id === clientId)
    if (!one) return
    if (!retryable) Object.assign(one, { state: 'refused', reason })
    else {
      clearTimeout(retryTimer)
      retryTimer = setTimeout(flush, RETRY_MS)
    }
    save(pending)
  }

  /** Sends what waits, in order; the same client_id again is harmless on the other side. */
  function flush(): void {
    for (const one of pending) if (one.state === 'waiting') dispatch(one)
  }

  function dispatch(one: Pending): void {
    if (one.file || one.handoff || !online.value) return void byRest(one)
    const { client_id, text, choice } = one
    if (!socket.send({ type: 'send', client_id, text, ...(choice ? { choice } : {}) })) void byRest(one)
  }

  async function byRest(one: Pending): Promise<void> {
    if (inFlight.has(one.client_id) || state.value !== 'ready') return
    inFlight.add(one.client_id)
    try {
      accept(await post(one), one)
    } catch (error) {
      const problem = problemOf(error)
      if (problem.status === 401) return renew(one.client_id)
      refused(one.client_id, problem.message, problem.retryable)
    }
  }

  function post(one: Pending): Promise<Sent> {
    if (one.file) return api.upload(one.client_id, one.file.blob, one.file.name, one.file.seconds)
    return one.handoff ? api.handoff(one.client_id) : api.send(one.client_id, one.text, one.choice)
  }

  function accept(sent: Sent, one: Pending): void {
    conversation.value = sent.conversation
    add([sent.message, ...sent.replies])
    settlePending(one.client_id)
  }

  function renew(clientId: string): void {
    inFlight.delete(clientId)
    api.token.clear()
    void start()
  }

  async function start(): Promise<void> {
    try {
      const visit = await api.visit(entry)
      if (visit.token) api.token.set(visit.token)
      if (!visit.resumed) messages.value = []
      hospital.value = visit.hospital_name
      limits.value = visit.limits
      conversation.value = visit.conversation
      state.value = 'ready'
      add(visit.messages)
      socket.connect()
      flush()
    } catch (error) {
      started(problemOf(error))
    }
  }

  /** A visit that could not be opened: tried again by itself once something is on the screen, else by the patient. */
  function started(problem: ApiProblem): void {
    failure.value = problem.message
    if (messages.value.length === 0) state.value = 'failed'
    else setTimeout(() => void start(), RETRY_MS)
  }

  function push(one: Omit<Pending, 'state' | 'reason' | 'at' | 'client_id'>): void {
    pending.push({ ...one, client_id: newId(), state: 'waiting', reason: '', at: new Date().toISOString() })
    save(pending)
    dispatch(pending.at(-1)!)
    if (!conversation.value?.with_person && !one.file) showTyping('bot')
  }

  return {
    messages, pending, conversation, hospital, limits, online, state, failure, typing,
    hasOlder: computed(() => firstSeq(messages.value) > 1),
    start,
    sendText: (text, choice = null) => push({ text, choice }),
    sendFile: (blob, name, kind, seconds) =>
      push({ text: '', choice: null, file: { blob, name, kind, seconds, url: URL.createObjectURL(blob) } }),
    askPerson: () => push({ text: '转人工', choice: null, handoff: true }),
    retry: (clientId) => {
      const one = pending.find((each) => each.client_id === clientId)
      if (!one) return
      Object.assign(one, { state: 'waiting', reason: '' })
      dispatch(one)
    },
    discard: settlePending,
    older: async () => {
      const page = await api.before(firstSeq(messages.value))
      messages.value = merge(messages.value, page.items)
    },
    seen: (seq) => {
      if (seq > seenSeq && socket.send({ type: 'seen', seq })) seenSeq = seq
    },
    replace: (message) => (messages.value = merge(messages.value, [message])),
    settle: (next) => (conversation.value = next),
  }
}
