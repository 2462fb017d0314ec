import { computed, ref, watch, type ComputedRef, type Ref } from 'vue'
import { desk, type ConversationDetail, type ConversationLine, type DeskMessage } from '@/api/desk'
import type { ApiProblem } from '@/api/problem'
import { throttled, useFresh, useLive } from './useLive'
import { useMutation } from './useMutation'
import { useResource } from './useResource'
import { useSession } from '@/stores/session'

export interface OpenConversation {
  data: Ref<ConversationDetail | null>
  messages: Ref<DeskMessage[]>
  hasMore: Ref<boolean>
  loading: Ref<boolean>
  error: Ref<ApiProblem | null>
  mine: ComputedRef<boolean>
  busy: Ref<boolean>
  problem: Ref<ApiProblem | null>
  load: () => Promise<void>
  older: () => Promise<void>
  /** Runs a verb that changes the conversation, then reads it anew; a refusal stays in `problem`. */
  act: (run: (line: ConversationDetail) => Promise<unknown>) => Promise<boolean>
  say: (text: string, key: string) => Promise<boolean>
  sendPicture: (file: File, key: string) => Promise<boolean>
}

/** One conversation at the desk: read, kept fresh, and changed only under the epoch that is on the screen. */
export function useConversation(id: string, changed: (line: ConversationLine) => void): OpenConversation {
  const session = useSession()
  const earlier = ref<DeskMessage[]>([])
  const moreBefore = ref<boolean | null>(null)
  const { data, loading, error, load } = useResource(() => desk.one(id))
  const messages = computed(() => [...earlier.value, ...(data.value?.messages ?? []).filter((one) => !earlier.value.some(({ id: known }) => known === one.id))])
  const { busy, problem, send } = useMutation(async (run: (line: ConversationDetail) => Promise<unknown>) => {
    if (!data.value) return false
    await run(data.value)
    await load()
    if (data.value) changed(data.value)
    return true
  })

  void load()
  useFresh(load)
  useLive([`conversation:${id}`], throttled(load, 300))
  watch(data, (now, was) => {
    const last = now?.messages.at(-1)
    if (!now || !last || last.id === was?.messages.at(-1)?.id) return
    if (was) keepScrolledOut(was.messages, now.messages)
    if (document.visibilityState === 'visible' && now.unread > 0) void desk.read(id, last.id).then(() => changed({ ...now, unread: 0 }), () => undefined)
  })

  /** Messages that the newest page no longer holds stay on the screen. */
  function keepScrolledOut(was: DeskMessage[], now: DeskMessage[]): void {
    const first = now[0]?.id
    const left = was.findIndex((one) => one.id === first)
    if (left > 0) earlier.value = [...earlier.value, ...was.slice(0, left)]
  }

  async function older(): Promise<void> {
    const first = messages.value[0]
    if (!first) return
    const page = await desk.before(id, first.id)
    earlier.value = [...page.items, ...earlier.value]
    moreBefore.value = page.has_more
  }

  return {
    data, messages, loading, error, busy, problem, load, older,
    hasMore: computed(() => moreBefore.value ?? data.value?.has_more ?? false),
    mine: computed(() => data.value !== null && data.value.owner_id === session.user?.id),
    act: async (run) => (await send(run)) === true,
    say: async (text, key) => (await send((line) => desk.say(id, text, key, line.epoch))) === true,
    sendPicture: async (file, key) => (await send((line) => desk.sendPicture(id, file, key, line.epoch))) === true,
  }
}
