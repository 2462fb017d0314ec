import { onScopeDispose, ref, shallowRef, type Ref } from 'vue'
import { CallLine, type LineSocket, type LineState } from '@/lib/line'
import { useAudio } from './useAudio'

export interface CallLineControl {
  state: Ref<LineState>
  muted: Ref<boolean>
  /** How loud the other side is, 0 to 1. */
  level: Ref<number>
  listen: () => Promise<void>
  takeOver: () => Promise<void>
  /** Opens the microphone, then prepares the call, then joins it. */
  dial: (prepare: () => Promise<void>) => Promise<void>
  line: CallLine
}

const LATE_SECONDS = 0.4
const SILENCE = new ArrayBuffer(320)
export const NO_MICROPHONE = '没有麦克风，或浏览器没有允许使用麦克风'

export function socketTo(path: string): WebSocket {
  return new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`)
}

/** A live call's line for this page: loudspeaker, microphone and socket, until the component goes. */
export function useCallLine(path: () => string): CallLineControl {
  const muted = ref(false)
  const audio = useAudio((pcm) => line.speak(muted.value ? SILENCE.slice(0) : pcm), LATE_SECONDS)
  const line = new CallLine({
    open: () => socketTo(path()) as unknown as LineSocket,
    play: audio.play,
    changed: (next) => {
      state.value = next
      if (next.phase === 'off' || next.phase === 'over') audio.close()
      else if (next.phase === 'listening') audio.closeMouth()
      if (next.phase !== 'talking') muted.value = false
    },
    later: (run, delayMs) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  })
  const state = shallowRef<LineState>(line.state)

  async function listen(): Promise<void> {
    await audio.ear()
    line.listen()
  }
  async function takeOver(): Promise<void> {
    if (await audio.mouth()) line.takeOver()
    else line.fail(NO_MICROPHONE)
  }
  async function dial(prepare: () => Promise<void>): Promise<void> {
    if (!(await audio.mouth())) return line.fail(NO_MICROPHONE)
    try {
      await prepare()
    } catch (caught) {
      audio.close()
      throw caught
    }
    line.dial()
  }
  onScopeDispose(() => line.leave())
  return { state, muted, level: audio.level, listen, takeOver, dial, line }
}
