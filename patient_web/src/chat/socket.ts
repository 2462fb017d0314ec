import type { ServerFrame } from '@/api/types'

export interface Hello {
  token: string
  after: number
}

export interface SocketHandlers {
  hello: () => Hello | null
  frame: (frame: ServerFrame) => void
  online: (yes: boolean) => void
  /** The visit is over: a new one must be opened before reconnecting. */
  tokenDead: () => void
}

const PING_MS = 25_000
const SILENT_MS = 60_000
const LONGEST_MS = 30_000
const TOKEN_DEAD = 4401
const TOO_MANY = 4409
const OPEN = 1

/** Waits 1, 2, 4 ... 30 s, each by up to a quarter more, so that a restarted server is not met by everybody at once. */
export function backoffMs(tries: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_MS, 1000 * 2 ** tries) * (1 + random() / 4)
}

/** A socket that comes back by itself; what is sent while it is away is the caller's to send again. */
export class ChatSocket {
  private socket: WebSocket | null = null
  private tries = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private ping: ReturnType<typeof setInterval> | undefined
  private heardAt = 0
  private stopped = false

  constructor(
    private readonly url: string,
    private readonly on: SocketHandlers,
    private readonly make: (url: string) => WebSocket = (address) => new WebSocket(address),
  ) {}

  connect(): void {
    clearTimeout(this.retry)
    const hello = this.on.hello()
    if (this.socket || this.stopped || !hello) return
    const socket = this.make(this.url)
    this.socket = socket
    this.heardAt = Date.now()
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', ...hello }))
    socket.onmessage = (event: MessageEvent<string>) => this.take(event.data)
    socket.onclose = (event: CloseEvent) => this.closed(socket, event.code)
    this.ping = setInterval(() => this.beat(), PING_MS)
  }

  /** False when the socket is not there; nothing was sent then. */
  send(frame: object): boolean {
    if (this.socket?.readyState !== OPEN) return false
    this.socket.send(JSON.stringify(frame))
    return true
  }

  /** The network or the page came back: try at once. */
  hurry(): void {
    if (this.socket) return this.beat()
    this.tries = 0
    this.connect()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.retry)
    this.socket?.close(1000)
  }

  private take(data: string): void {
    this.heardAt = Date.now()
    const frame = JSON.parse(data) as ServerFrame
    if (frame.type === 'welcome') {
      this.tries = 0
      this.on.online(true)
    }
    this.on.frame(frame)
  }

  private beat(): void {
    if (Date.now() - this.heardAt > SILENT_MS) return this.socket?.close(4000)
    this.send({ type: 'ping' })
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return
    this.socket = null
    clearInterval(this.ping)
    this.on.online(false)
    if (this.stopped) return
    if (code === TOKEN_DEAD) return this.on.tokenDead()
    const tries = code === TOO_MANY ? Math.max(this.tries, 4) : this.tries
    this.retry = setTimeout(() => this.connect(), backoffMs(tries))
    this.tries += 1
  }
}
