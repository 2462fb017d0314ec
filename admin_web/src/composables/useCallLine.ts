import { onScopeDispose, ref, shallowRef, type Ref } from 'vue'
import { CallLine, type LineSocket, type LineState } from '@/lib/line'
import worklet from '@/lib/line.worklet.ts?worker&url'

export interface CallLineControl {
  state: Ref<LineState>
  muted: Ref<boolean>
  /** How loud the other side is, 0 to 1. */
  level: Ref<number>
  listen: () => Promise<void>
  takeOver: () => Promise<void>
  line: CallLine
}

const SILENCE = new ArrayBuffer(320)
const VOICE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }

function loudness(pcm: ArrayBuffer): number {
  const samples = new Int16Array(pcm)
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  return Math.min(1, Math.sqrt(peak / 32768))
}

/** A live call's line for this page: loudspeaker, microphone and socket, until the component goes. */
export function useCallLine(path: string): CallLineControl {
  const muted = ref(false)
  const level = ref(0)
  let context: AudioContext | null = null
  let node: AudioWorkletNode | null = null
  let microphone: MediaStream | null = null

  function open(): LineSocket {
    const base = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`
    return new WebSocket(base + path) as unknown as LineSocket
  }
  function play(pcm: ArrayBuffer): void {
    level.value = Math.max(loudness(pcm), level.value * 0.9)
    node?.port.postMessage(pcm, [pcm])
  }
  const line = new CallLine({
    open,
    play,
    changed: (next) => {
      state.value = next
      if (next.phase === 'off' || next.phase === 'over') silence()
      else if (next.phase === 'listening') closeMicrophone()
    },
    later: (run, delayMs) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  })
  const state = shallowRef<LineState>(line.state)

  async function ear(): Promise<void> {
    if (context) return
    context = new AudioContext({ latencyHint: 'interactive' })
    await context.audioWorklet.addModule(worklet)
    node = new AudioWorkletNode(context, 'line', { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1] })
    node.connect(context.destination)
    node.port.onmessage = (frame: MessageEvent<ArrayBuffer>) => line.speak(muted.value ? SILENCE.slice(0) : frame.data)
    await context.resume()
  }
  function closeMicrophone(): void {
    microphone?.getTracks().forEach((track) => track.stop())
    microphone = null
    muted.value = false
  }
  function silence(): void {
    closeMicrophone()
    void context?.close()
    context = node = null
    level.value = 0
  }
  async function listen(): Promise<void> {
    await ear()
    line.listen()
  }
  async function takeOver(): Promise<void> {
    try {
      microphone = await navigator.mediaDevices.getUserMedia({ audio: VOICE })
    } catch {
      return line.fail('没有麦克风，或浏览器没有允许使用麦克风')
    }
    await ear()
    if (context && node) context.createMediaStreamSource(microphone).connect(node)
    line.takeOver()
  }
  onScopeDispose(() => {
    line.leave()
    silence()
  })
  return { state, muted, level, listen, takeOver, line }
}
