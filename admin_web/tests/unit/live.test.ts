import { describe, expect, it } from 'vitest'
import type { LiveEvent } from '@/api/types'
import { backoffDelay, LiveClient, readEvent, type LiveState, type SocketLike } from '@/lib/live'

class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onerror: (() => void) | null = null
  closed = false
  constructor(readonly topics: string[]) {}
  close(): void {
    this.closed = true
  }
}

function bench() {
  const sockets: FakeSocket[] = []
  const states: LiveState[] = []
  let timers: { run: () => void; delay: number }[] = []
  const client = new LiveClient(
    {
      open: (topics) => {
        const socket = new FakeSocket(topics)
        sockets.push(socket)
        return socket
      },
      later: (run, delay) => {
        const timer = { run, delay }
        timers.push(timer)
        return () => (timers = timers.filter((one) => one !== timer))
      },
      random: () => 0,
    },
    (state) => states.push(state),
  )
  const pass = (): number[] => {
    const due = timers
    timers = []
    due.forEach((timer) => timer.run())
    return due.map((timer) => timer.delay)
  }
  const last = (): FakeSocket => sockets.at(-1) as FakeSocket
  return { client, sockets, states, pass, last, waiting: () => timers.map((timer) => timer.delay) }
}
const event = (topic: string, name = 'x'): string => JSON.stringify({ topic, name, data: {}, at: '' })

describe('LiveClient', () => {
  it('opens one socket for all topics of a burst', () => {
    const { client, sockets, pass } = bench()
    client.listen(['alerts'], () => undefined)
    client.listen(['campaign:1', 'alerts'], () => undefined)
    pass()
    expect(sockets.map((socket) => socket.topics)).toEqual([['alerts', 'campaign:1']])
  })

  it('gives an event only to those who listen to its topic', () => {
    const { client, last, pass } = bench()
    const heard: string[] = []
    client.listen(['alerts'], (one) => heard.push(`a:${one.name}`))
    client.listen(['campaign:1'], (one) => heard.push(`c:${one.name}`))
    pass()
    last().onmessage?.({ data: event('campaign:1', 'call.ended') })
    last().onmessage?.({ data: 'not json' })
    expect(heard).toEqual(['c:call.ended'])
  })

  it('comes back with growing delays, and begins anew after a success', () => {
    const { client, last, pass, waiting, states } = bench()
    client.listen(['alerts'], () => undefined)
    pass()
    const delays: (number | undefined)[] = []
    for (let n = 0; n < 3; n += 1) {
      last().onclose?.({ code: 1006 })
      delays.push(waiting()[0])
      pass()
    }
    expect(delays).toEqual([500, 1000, 2000])
    last().onopen?.()
    last().onclose?.({ code: 1006 })
    expect(waiting()).toEqual([500])
    expect(states.at(-1)).toBe('waiting')
  })

  it('opens anew when the topics change and closes the old socket', () => {
    const { client, sockets, pass } = bench()
    client.listen(['alerts'], () => undefined)
    pass()
    client.listen(['call:9'], () => undefined)
    pass()
    expect(sockets[0]?.closed).toBe(true)
    expect(sockets[1]?.topics).toEqual(['alerts', 'call:9'])
  })

  it('rests when nobody listens', () => {
    const { client, last, pass } = bench()
    const stop = client.listen(['alerts'], () => undefined)
    pass()
    stop()
    pass()
    expect(client.state).toBe('idle')
    expect(last().closed).toBe(true)
  })

  it('tries at once when told that the network is back', () => {
    const { client, last, sockets, pass } = bench()
    client.listen(['alerts'], () => undefined)
    pass()
    last().onclose?.({ code: 1006 })
    client.retryNow()
    expect(sockets).toHaveLength(2)
    expect(client.state).toBe('connecting')
  })
})

describe('backoffDelay', () => {
  it('is capped and spread', () => {
    expect(backoffDelay(30, 0)).toBe(20_000)
    expect(backoffDelay(30, 1)).toBe(14_000)
  })
})

describe('readEvent', () => {
  it('refuses what is no event', () => {
    expect([readEvent('{}'), readEvent(3), readEvent('{"topic":"a"}')]).toEqual([null, null, null])
  })
  it('fills what may be absent', () => expect(readEvent('{"topic":"a","name":"b"}')).toEqual<LiveEvent>({ topic: 'a', name: 'b', data: {}, at: '' }))
})
