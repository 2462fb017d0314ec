import { onScopeDispose, ref, type Ref } from 'vue'
import { trials } from '@/api/calls'
import { problemOf } from '@/api/problem'
import { useAudio } from './useAudio'
import { NO_MICROPHONE, socketTo } from './useCallLine'

/** The service sends 0.4 s ahead; none of it may be dropped. */
const AHEAD_SECONDS = 2

export interface Trial {
  phase: Ref<'off' | 'calling' | 'talking' | 'over'>
  callId: Ref<string>
  problem: Ref<string>
  level: Ref<number>
  begin: (key: string, version: number, elder: boolean) => Promise<void>
  press: (digit: string) => void
  hangUp: () => void
}

/** This page as the telephone on which a script is tried. */
export function useTrial(): Trial {
  const phase = ref<'off' | 'calling' | 'talking' | 'over'>('off')
  const callId = ref('')
  const problem = ref('')
  let socket: WebSocket | null = null
  const tell = (message: unknown): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }
  const audio = useAudio(
    (pcm) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(pcm)
    },
    AHEAD_SECONDS,
    (name) => tell({ type: 'mark', name }),
  )

  function take(data: unknown): void {
    phase.value = 'talking'
    if (data instanceof ArrayBuffer) return audio.play(data)
    const message = JSON.parse(String(data)) as { type: string; name?: string }
    if (message.type === 'clear') audio.clear()
    else if (message.type === 'mark') audio.mark(message.name ?? '')
  }
  function over(code: number): void {
    if (phase.value === 'calling') problem.value = `没有接通，请再试一次（${code}）`
    phase.value = 'over'
    socket = null
    audio.close()
  }
  async function begin(key: string, version: number, elder: boolean): Promise<void> {
    phase.value = 'calling'
    problem.value = callId.value = ''
    if (!(await audio.mouth())) problem.value = `${NO_MICROPHONE}，只能按键回答`
    await audio.ear()
    try {
      callId.value = (await trials.begin({ questionnaire_key: key, questionnaire_version: version, elder })).call_id
    } catch (error) {
      problem.value = problemOf(error).message
      return over(0)
    }
    socket = socketTo(`/api/calls/${callId.value}/trial`)
    socket.binaryType = 'arraybuffer'
    socket.onmessage = (message) => take(message.data)
    socket.onclose = (event) => over(event.code)
  }
  function hangUp(): void {
    tell({ type: 'stop' })
    socket?.close()
  }
  onScopeDispose(hangUp)
  return { phase, callId, problem, level: audio.level, begin, press: (digit) => tell({ type: 'key', digit }), hangUp }
}
