import { onUnmounted, ref, type Ref } from 'vue'

export interface Recording {
  blob: Blob
  seconds: number
  name: string
}

export interface Recorder {
  state: Ref<'idle' | 'asking' | 'recording'>
  seconds: Ref<number>
  refusal: Ref<string>
  start: () => Promise<void>
  stop: () => Promise<Recording | null>
  cancel: () => void
}

const TYPES = [
  ['audio/mp4', 'm4a'],
  ['audio/webm;codecs=opus', 'webm'],
  ['audio/ogg;codecs=opus', 'ogg'],
] as const

export const canRecord = (): boolean => 'MediaRecorder' in window && Boolean(navigator.mediaDevices?.getUserMedia)

/** Records one voice message; ends by itself after `longest` seconds and keeps what was said. */
export function useRecorder(longest: () => number, onFull: () => void): Recorder {
  const state = ref<'idle' | 'asking' | 'recording'>('idle')
  const seconds = ref(0)
  const refusal = ref('')
  let recorder: MediaRecorder | null = null
  let chunks: Blob[] = []
  let startedAt = 0
  let tick: ReturnType<typeof setInterval> | undefined

  function release(): void {
    clearInterval(tick)
    for (const track of recorder?.stream.getTracks() ?? []) track.stop()
    recorder = null
    state.value = 'idle'
    seconds.value = 0
  }

  async function start(): Promise<void> {
    refusal.value = ''
    state.value = 'asking'
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null)
    if (!stream) {
      state.value = 'idle'
      refusal.value = '没有使用麦克风的权限。您可以打字，或在浏览器设置里允许使用麦克风。'
      return
    }
    const type = TYPES.find(([mime]) => MediaRecorder.isTypeSupported(mime))?.[0]
    recorder = new MediaRecorder(stream, { ...(type ? { mimeType: type } : {}), audioBitsPerSecond: 24_000 })
    chunks = []
    recorder.ondataavailable = (event) => chunks.push(event.data)
    recorder.start(500)
    startedAt = Date.now()
    state.value = 'recording'
    tick = setInterval(() => {
      seconds.value = (Date.now() - startedAt) / 1000
      if (seconds.value >= longest()) onFull()
    }, 200)
  }

  async function stop(): Promise<Recording | null> {
    const current = recorder
    if (!current) return null
    const length = (Date.now() - startedAt) / 1000
    const ended = new Promise<void>((done) => (current.onstop = () => done()))
    current.stop()
    await ended
    release()
    const kind = current.mimeType || 'audio/webm'
    const ending = TYPES.find(([mime]) => kind.startsWith(mime.split(';')[0]!))?.[1] ?? 'webm'
    if (length < 0.7) {
      refusal.value = '说话时间太短了，请再录一次。'
      return null
    }
    return { blob: new Blob(chunks, { type: kind }), seconds: Math.min(length, longest()), name: `voice.${ending}` }
  }

  onUnmounted(release)
  return { state, seconds, refusal, start, stop, cancel: release }
}
