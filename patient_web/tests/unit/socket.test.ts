import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backoffMs, ChatSocket } from '@/chat/socket'
import { FakeSocket } from './fakeSocket'

describe('backoffMs', () => {
  it('doubles up to half a minute, with a little chance', () => {
    expect([0, 1, 2, 3, 4, 5, 9].map((tries) => backoffMs(tries, () => 0))).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    expect(backoffMs(0, () => 1)).toBe(1250)
  })
})

describe('ChatSocket', () => {
  let line: ChatSocket
  const on = { hello: () => ({ token: 't', after: 7 }), frame: vi.fn(), online: vi.fn(), tokenDead: vi.fn() }

  beforeEach(() => {
    vi.useFakeTimers()
    FakeSocket.all = []
    for (const spy of [on.frame, on.online, on.tokenDead]) spy.mockClear()
    line = new ChatSocket('ws://here', on, (url) => new FakeSocket(url) as unknown as WebSocket)
    line.connect()
  })
  afterEach(() => {
    line.stop()
    vi.useRealTimers()
  })

  it('says hello with its token and the last message seen', () => {
    FakeSocket.last().open()
    expect(FakeSocket.last().sent).toEqual([{ type: 'hello', token: 't', after: 7 }])
    expect(line.send({ type: 'ping' })).toBe(true)
  })

  it('is online only once it is welcome', () => {
    FakeSocket.last().open()
    expect(on.online).not.toHaveBeenCalled()
    FakeSocket.last().say({ type: 'welcome' })
    expect(on.online).toHaveBeenLastCalledWith(true)
  })

  it('comes back by itself, ever more slowly, and says what it could not send', () => {
    FakeSocket.last().drop(1006)
    expect(on.online).toHaveBeenLastCalledWith(false)
    expect(line.send({ type: 'send' })).toBe(false)
    vi.advanceTimersByTime(1250)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last().drop(1006)
    vi.advanceTimersByTime(1900)
    expect(FakeSocket.all).toHaveLength(2)
    vi.advanceTimersByTime(700)
    expect(FakeSocket.all).toHaveLength(3)
  })

  it('asks for a new visit when its token is dead, and does not retry with it', () => {
    FakeSocket.last().drop(4401)
    vi.advanceTimersByTime(120_000)
    expect(on.tokenDead).toHaveBeenCalledOnce()
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('gives up a line that has been silent for a minute', () => {
    FakeSocket.last().open()
    vi.advanceTimersByTime(75_000)
    expect(FakeSocket.last().closedWith).toBe(4000)
  })
})
