import { describe, expect, it } from 'vitest'
import { JitterBuffer } from '@/lib/jitter'
import { CallLine, type LineSocket } from '@/lib/line'
import { fromPcm, Resampler, toPcm } from '@/lib/resample'

const tone = (hz: number, rate: number, seconds: number): Float32Array => Float32Array.from({ length: rate * seconds }, (_, at) => 0.5 * Math.sin((2 * Math.PI * hz * at) / rate))
const power = (samples: Float32Array): number => Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length)

describe('Resampler', () => {
  it.each([[48_000, 8_000], [44_100, 8_000], [8_000, 48_000], [8_000, 44_100]])('keeps a tone and its length from %d to %d Hz, in pieces of any size', (from, to) => {
    const resampler = new Resampler(from, to)
    const input = tone(1_000, from, 1)
    const made: number[] = []
    for (let at = 0; at < input.length; at += 128) made.push(...resampler.take(input.subarray(at, at + 128)))
    expect(Math.abs(made.length - to)).toBeLessThan(to / 50)
    const middle = Float32Array.from(made.slice(to / 4, to / 2))
    const wanted = tone(1_000, to, 1)
    expect(power(middle)).toBeCloseTo(power(wanted), 2)
  })
  it('lets nothing through that a telephone cannot carry', () => {
    expect(power(new Resampler(48_000, 8_000).take(tone(6_000, 48_000, 1)).subarray(100))).toBeLessThan(0.005)
  })
  it('reads what it wrote', () => {
    expect([...fromPcm(toPcm(Float32Array.from([0, 0.5, -1, 2])))].map((one) => Math.round(one * 100) / 100)).toEqual([0, 0.5, -1, 1])
  })
})

describe('JitterBuffer', () => {
  const out = (): Float32Array => new Float32Array(4)
  const ones = (count: number, value = 1): Float32Array => new Float32Array(count).fill(value)
  it('waits for enough, plays across pieces, and waits again when it ran dry', () => {
    const buffer = new JitterBuffer(6, 100)
    const filled = out()
    buffer.put(ones(3))
    buffer.fill(filled)
    expect([...filled]).toEqual([0, 0, 0, 0])
    buffer.put(ones(3, 2))
    buffer.fill(filled)
    expect([...filled]).toEqual([1, 1, 1, 2])
    buffer.fill(filled)
    expect([...filled]).toEqual([2, 2, 0, 0])
    buffer.put(ones(5))
    buffer.fill(filled)
    expect([...filled]).toEqual([0, 0, 0, 0])
  })
  it('drops what is too old', () => {
    const buffer = new JitterBuffer(4, 10)
    for (let put = 0; put < 6; put += 1) buffer.put(ones(2, put))
    expect(buffer.waiting).toBe(4)
    const filled = out()
    buffer.fill(filled)
    expect([...filled]).toEqual([4, 4, 5, 5])
  })
})

class Socket implements LineSocket {
  binaryType = ''
  onopen = null
  onclose: ((event: { code: number }) => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  sent: (string | ArrayBuffer)[] = []
  send(data: string | ArrayBuffer): void { this.sent.push(data) }
  close(): void { this.onclose?.({ code: 1005 }) }
  tell(message: unknown): void { this.onmessage?.({ data: JSON.stringify(message) }) }
}

function staged(): { line: CallLine; sockets: Socket[]; retry: () => void; played: ArrayBuffer[] } {
  const sockets: Socket[] = []
  const played: ArrayBuffer[] = []
  let later = (): void => undefined
  const line = new CallLine({
    open: () => { const socket = new Socket(); sockets.push(socket); return socket },
    play: (pcm) => played.push(pcm),
    changed: () => undefined,
    later: (run) => { later = run; return () => { later = () => undefined } },
  })
  return { line, sockets, played, retry: () => later() }
}
const MINE = { type: 'state', taken: true, speaker: '护士', mine: true, on_air: true, people: 1 }

describe('CallLine', () => {
  it('speaks only while the patient hears it', () => {
    const { line, sockets } = staged()
    line.listen()
    const socket = sockets[0] as Socket
    socket.tell({ type: 'ready', pace: 1, may_talk: true })
    line.speak(new ArrayBuffer(320))
    line.takeOver()
    socket.tell({ ...MINE, on_air: false })
    line.speak(new ArrayBuffer(320))
    expect(socket.sent).toEqual(['{"type":"take_over"}'])
    socket.tell(MINE)
    line.speak(new ArrayBuffer(320))
    expect(socket.sent).toHaveLength(2)
    line.giveBack()
    socket.tell({ ...MINE, mine: false, taken: false, speaker: null, on_air: false })
    expect(line.state.phase).toBe('listening')
  })
  it('takes the call again after a break, because the patient waits', () => {
    const { line, sockets, retry } = staged()
    line.listen()
    sockets[0]?.tell({ type: 'ready', pace: 1, may_talk: true })
    line.takeOver()
    sockets[0]?.tell(MINE)
    sockets[0]?.onclose?.({ code: 1006 })
    expect(line.state.problem).toContain('重新连接')
    retry()
    sockets[1]?.tell({ type: 'ready', pace: 1, may_talk: true })
    expect(sockets[1]?.sent).toEqual(['{"type":"take_over"}'])
  })
  it.each([[4401, '登录'], [4403, '不能旁听'], [4404, '没有在进行']])('says why %d refused it and tries no more', (code, words) => {
    const { line, sockets } = staged()
    line.listen()
    sockets[0]?.onclose?.({ code })
    expect([line.state.phase, sockets.length]).toEqual(['off', 1])
    expect(line.state.problem).toContain(words)
  })
  it('dials: rings, is answered without asking for the floor, and says why nobody answered', () => {
    const { line, sockets } = staged()
    line.dial()
    sockets[0]?.tell({ type: 'ready', pace: 1, may_talk: true, dialled: true, answered: false })
    sockets[0]?.tell({ type: 'dialling', state: 'ringing' })
    expect([line.state.phase, line.state.ringing]).toEqual(['calling', 'ringing'])
    sockets[0]?.tell({ ...MINE, mine: false, taken: false, speaker: null, on_air: false })
    expect(line.state.phase).toBe('calling')
    sockets[0]?.tell(MINE)
    expect([line.state.phase, sockets[0]?.sent]).toEqual(['talking', []])
    line.dial()
    sockets[1]?.tell({ type: 'ended', disposition: 'busy', title: '对方正在通话中，请稍后再拨' })
    sockets[1]?.onclose?.({ code: 1000 })
    expect([line.state.phase, line.state.disposition, line.state.ending]).toEqual(['over', 'busy', '对方正在通话中，请稍后再拨'])
  })
  it('takes what it dialled when it was answered while the page was away, and tries for longer', () => {
    const { line, sockets, retry } = staged()
    line.dial()
    sockets[0]?.tell({ type: 'ready', pace: 1, may_talk: true, dialled: true, answered: false })
    for (let tries = 0; tries < 5; tries += 1) {
      sockets[tries]?.onclose?.({ code: 1006 })
      retry()
    }
    sockets[5]?.tell({ type: 'ready', pace: 1, may_talk: true, dialled: true, answered: true })
    expect(sockets[5]?.sent).toEqual(['{"type":"take_over"}'])
  })
  it('goes back to listening when a colleague was first, and ends with the call', () => {
    const { line, sockets, played } = staged()
    line.listen()
    sockets[0]?.tell({ type: 'ready', pace: 1, may_talk: true })
    line.takeOver()
    sockets[0]?.tell({ type: 'error', code: 'taken_over', title: '这通电话已由同事接管' })
    expect([line.state.phase, line.state.problem]).toEqual(['listening', '这通电话已由同事接管'])
    sockets[0]?.onmessage?.({ data: new ArrayBuffer(320) })
    expect(played).toHaveLength(1)
    sockets[0]?.tell({ type: 'ended' })
    expect(line.state.phase).toBe('over')
  })
})
