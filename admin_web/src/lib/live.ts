import type { LiveEvent } from '@/api/types'

export type LiveState = 'idle' | 'connecting' | 'open' | 'waiting'

export interface SocketLike {
  onopen: (() => void) | null
  onclose: ((event: { code: number }) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onerror: (() => void) | null
  close: () => void
}

export interface LivePorts {
  open: (topics: string[]) => SocketLike
  later: (run: () => void, delayMs: number) => () => void
  random: () => number
}

export type Listener = (event: LiveEvent) => void

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 20_000
/** Topics change in bursts while a page is mounted; one socket is opened for the burst. */
const SETTLE_MS = 50

/** The delay before try n (from 0): doubling, capped, with up to 30 % taken off so that clients spread. */
export function backoffDelay(attempt: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt)
  return Math.round(full * (1 - 0.3 * random))
}

/** Reads one message of the socket; anything that is not an event is null. */
export function readEvent(data: unknown): LiveEvent | null {
  if (typeof data !== 'string') return null
  try {
    const event = JSON.parse(data) as Partial<LiveEvent>
    if (typeof event.name !== 'string' || typeof event.topic !== 'string') return null
    return { topic: event.topic, name: event.name, data: event.data ?? {}, at: event.at ?? '' }
  } catch {
    return null
  }
}

/** One socket for all the page listens to; it comes back by itself with growing delays. */
export class LiveClient {
  private listeners = new Map<Listener, string[]>()
  private socket: SocketLike | null = null
  private opened = ''
  private attempt = 0
  private cancelTimer: (() => void) | null = null
  state: LiveState = 'idle'

  constructor(
    private readonly ports: LivePorts,
    private readonly onState: (state: LiveState, reopened: boolean) => void = () => undefined,
  ) {}

  /** Listens to topics until the returned function is called. */
  listen(topics: string[], listener: Listener): () => void {
    this.listeners.set(listener, topics)
    this.settle()
    return () => {
      this.listeners.delete(listener)
      this.settle()
    }
  }

  /** Tries at once, for example when the network is back. */
  retryNow(): void {
    if (this.state !== 'waiting') return
    this.attempt = 0
    this.connect()
  }

  private topics(): string[] {
    return [...new Set([...this.listeners.values()].flat())].sort()
  }

  private settle(): void {
    if (this.state === 'waiting') return
    this.schedule(() => this.follow(), SETTLE_MS)
  }

  private follow(): void {
    const wanted = this.topics().join(',')
    if (wanted === this.opened && this.socket) return
    this.drop()
    if (wanted === '') this.become('idle')
    else this.connect()
  }

  private connect(): void {
    this.drop()
    const topics = this.topics()
    if (topics.length === 0) return this.become('idle')
    this.opened = topics.join(',')
    this.become('connecting')
    const socket = this.ports.open(topics)
    this.socket = socket
    socket.onopen = () => {
      this.attempt = 0
      this.become('open')
    }
    socket.onmessage = (message) => this.deliver(message.data)
    socket.onclose = () => this.lost()
    socket.onerror = () => socket.close()
  }

  private deliver(data: unknown): void {
    const event = readEvent(data)
    if (!event) return
    for (const [listener, topics] of this.listeners) {
      if (topics.includes(event.topic)) listener(event)
    }
  }

  private lost(): void {
    this.drop()
    this.become('waiting')
    this.schedule(() => this.connect(), backoffDelay(this.attempt, this.ports.random()))
    this.attempt += 1
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    this.opened = ''
    this.cancelTimer?.()
    this.cancelTimer = null
    if (!socket) return
    socket.onopen = socket.onclose = socket.onmessage = socket.onerror = null
    socket.close()
  }

  private schedule(run: () => void, delayMs: number): void {
    this.cancelTimer?.()
    this.cancelTimer = this.ports.later(run, delayMs)
  }

  private become(state: LiveState): void {
    if (state === this.state) return
    const reopened = state === 'open'
    this.state = state
    this.onState(state, reopened)
  }
}
