/** A person's end of a live call: one socket for sound and control, apart from where sound comes from and goes to. */

export interface LineSocket {
  binaryType: string
  onopen: (() => void) | null
  onclose: ((event: { code: number }) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  send: (data: string | ArrayBuffer) => void
  close: () => void
}

export type LinePhase = 'off' | 'calling' | 'connecting' | 'listening' | 'taking' | 'talking' | 'returning' | 'over'

export interface LineState {
  phase: LinePhase
  /** The patient hears us. */
  onAir: boolean
  /** A person has the call. */
  taken: boolean
  speaker: string | null
  people: number
  mayTalk: boolean
  pace: number
  problem: string | null
  /** We dialled it ourselves: there is no bot to give it back to. */
  dialled: boolean
  /** How far a call is that we dial. */
  ringing: string | null
  /** What it came to, and how that is said, where the server tells. */
  disposition: string | null
  ending: string | null
}

export interface LinePorts {
  open: () => LineSocket
  /** Plays 20 ms of int16 at 8 kHz. */
  play: (pcm: ArrayBuffer) => void
  changed: (state: LineState) => void
  later: (run: () => void, delayMs: number) => () => void
}

const RETRY_MS = [300, 800, 1_500]
/** A call of our own is kept for us longer, since nobody else could go on. */
const RETRY_DIALLED_MS = [300, 800, 1_500, 2_500, 4_000, 5_000]
const REFUSALS: Record<number, string> = {
  4401: '登录已失效，请重新登录',
  4403: '您的账号不能旁听通话',
  4404: '这通电话没有在进行',
  4410: '接听这通电话的服务器没有应答，请稍后再试',
  4429: '旁听的人太多，请稍后再试',
}
const FRESH: LineState = { phase: 'off', onAir: false, taken: false, speaker: null, people: 0, mayTalk: false, pace: 1, problem: null, dialled: false, ringing: null, disposition: null, ending: null }

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

export class CallLine {
  private socket: LineSocket | null = null
  private tries = 0
  private cancelRetry: (() => void) | null = null
  private now: LineState = { ...FRESH }

  constructor(private readonly ports: LinePorts) {}

  get state(): LineState {
    return this.now
  }

  listen(): void {
    this.tries = 0
    this.become({ ...FRESH, phase: 'connecting' })
    this.connect()
  }

  /** Joins a call that waits for us to be dialled; the patient's telephone rings then. */
  dial(): void {
    this.tries = 0
    this.become({ ...FRESH, phase: 'calling' })
    this.connect()
  }

  leave(): void {
    this.drop()
    this.become({ ...FRESH })
  }

  takeOver(): void {
    this.become({ phase: 'taking', problem: null })
    this.send({ type: 'take_over' })
  }

  giveBack(): void {
    this.become({ phase: 'returning' })
    this.send({ type: 'give_back' })
  }

  hangUp(): void {
    this.send({ type: 'hang_up' })
  }

  transfer(number: string): void {
    this.become({ problem: null })
    this.send({ type: 'transfer', number })
  }

  keys(keys: string): void {
    this.send({ type: 'keys', keys })
  }

  /** Sends 20 ms; only what the patient is to hear. */
  speak(pcm: ArrayBuffer): void {
    if (this.now.phase === 'talking' && this.now.onAir) this.socket?.send(pcm)
  }

  fail(problem: string): void {
    this.become({ problem, phase: this.now.phase === 'taking' ? 'listening' : this.now.phase })
  }

  private connect(): void {
    const socket = this.ports.open()
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    socket.onmessage = (message) => this.take(message.data)
    socket.onclose = (event) => this.closed(event.code)
  }

  private take(data: unknown): void {
    if (data instanceof ArrayBuffer) return this.ports.play(data)
    const message = JSON.parse(String(data)) as Record<string, unknown>
    if (message.type === 'ready') this.ready(message)
    else if (message.type === 'state') this.standing(message)
    else if (message.type === 'error') this.fail(String(message.title ?? '操作没有成功'))
    else if (message.type === 'dialling') this.become({ ringing: String(message.state) })
    else if (message.type === 'ended') this.become({ phase: 'over', onAir: false, disposition: text(message.disposition), ending: text(message.title) })
  }

  private ready(message: Record<string, unknown>): void {
    this.tries = 0
    this.become({ mayTalk: message.may_talk === true, pace: Number(message.pace ?? 1), problem: null, dialled: message.dialled === true })
    const answered = this.now.phase === 'calling' && message.answered === true
    // What broke while we had the call is ours for some seconds more.
    if (this.now.phase === 'talking' || this.now.phase === 'taking' || answered) this.send({ type: 'take_over' })
    else if (this.now.phase !== 'calling') this.become({ phase: 'listening' })
  }

  private standing(message: Record<string, unknown>): void {
    const mine = message.mine === true
    const told = { onAir: mine && message.on_air === true, taken: message.taken === true, speaker: (message.speaker as string | null) ?? null, people: Number(message.people ?? 0) }
    const phase = this.now.phase
    if (mine) return this.become({ ...told, phase: phase === 'returning' ? phase : 'talking' })
    this.become({ ...told, phase: phase === 'talking' || phase === 'returning' ? 'listening' : phase })
  }

  private closed(code: number): void {
    this.socket = null
    if (this.now.phase === 'off') return
    const refusal = REFUSALS[code]
    if (this.now.phase === 'over' || code === 1000) return this.become({ phase: 'over', onAir: false })
    const delay = (this.now.dialled ? RETRY_DIALLED_MS : RETRY_MS)[this.tries]
    if (refusal || delay === undefined) return this.become({ ...FRESH, problem: refusal ?? this.now.problem ?? '连接断开，请检查网络后再试' })
    this.tries += 1
    this.become({ onAir: false, problem: '连接断开，正在重新连接…' })
    this.cancelRetry = this.ports.later(() => this.connect(), delay)
  }

  private send(message: Record<string, unknown>): void {
    this.socket?.send(JSON.stringify(message))
  }

  private drop(): void {
    this.cancelRetry?.()
    this.cancelRetry = null
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onclose = socket.onmessage = null
    socket.close()
  }

  private become(change: Partial<LineState>): void {
    this.now = { ...this.now, ...change }
    this.ports.changed(this.now)
  }
}
