import { onScopeDispose, ref, type Ref } from 'vue'
import worklet from '@/lib/line.worklet.ts?worker&url'

const VOICE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }

export interface Audio {
  /** How loud the other side is, 0 to 1. */
  level: Ref<number>
  /** Makes the loudspeaker ready. */
  ear: () => Promise<void>
  /** Opens the microphone; false where there is none or it is not allowed. */
  mouth: () => Promise<boolean>
  closeMouth: () => void
  close: () => void
  play: (pcm: ArrayBuffer) => void
  /** Tells `reached` when all before it was played. */
  mark: (name: string) => void
  clear: () => void
}

function loudness(pcm: ArrayBuffer): number {
  const peak = new Int16Array(pcm).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  return Math.min(1, Math.sqrt(peak / 32768))
}

/**
 * Loudspeaker and microphone at the telephone's 8 kHz, in frames of 20 ms, until the component goes.
 * What is heard more than `mostSeconds` late is dropped.
 */
export function useAudio(said: (pcm: ArrayBuffer) => void, mostSeconds: number, reached: (name: string) => void = () => undefined): Audio {
  const level = ref(0)
  let context: AudioContext | null = null
  let node: AudioWorkletNode | null = null
  let microphone: MediaStream | null = null

  async function ear(): Promise<void> {
    if (context) return
    context = new AudioContext({ latencyHint: 'interactive' })
    await context.audioWorklet.addModule(worklet)
    node = new AudioWorkletNode(context, 'line', { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1], processorOptions: { mostSeconds } })
    node.connect(context.destination)
    node.port.onmessage = (told: MessageEvent<ArrayBuffer | string>) => (typeof told.data === 'string' ? reached(told.data) : said(told.data))
    await context.resume()
  }
  async function mouth(): Promise<boolean> {
    try {
      microphone = await navigator.mediaDevices.getUserMedia({ audio: VOICE })
    } catch {
      return false
    }
    await ear()
    if (context && node) context.createMediaStreamSource(microphone).connect(node)
    return true
  }
  function closeMouth(): void {
    microphone?.getTracks().forEach((track) => track.stop())
    microphone = null
  }
  function close(): void {
    closeMouth()
    void context?.close()
    context = node = null
    level.value = 0
  }
  function play(pcm: ArrayBuffer): void {
    level.value = Math.max(loudness(pcm), level.value * 0.9)
    node?.port.postMessage(pcm, [pcm])
  }
  onScopeDispose(close)
  return { level, ear, mouth, closeMouth, close, play, mark: (name) => node?.port.postMessage(name), clear: () => node?.port.postMessage(null) }
}
