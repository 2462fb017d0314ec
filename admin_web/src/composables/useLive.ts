import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { withQuery } from '@/api/http'
import { useSession } from '@/stores/session'
import { LiveClient, type Listener, type LiveState, type SocketLike } from '@/lib/live'

const state = ref<LiveState>('idle')
const reopened = ref(0)

function openSocket(topics: string[]): SocketLike {
  const base = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`
  return new WebSocket(base + withQuery('/api/live', { topics: topics.join(',') })) as unknown as SocketLike
}

const client = new LiveClient(
  {
    open: openSocket,
    later: (run, delayMs) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
    random: Math.random,
  },
  (next, opened) => {
    state.value = next
    if (opened) reopened.value += 1
  },
)

window.addEventListener('online', () => client.retryNow())

export function useLiveState(): { state: Ref<LiveState>; retry: () => void } {
  return { state, retry: () => client.retryNow() }
}

/** The server closes a socket that asks for one topic too many, so only allowed ones are asked for. */
const NEEDS: Record<string, string> = {
  campaign: 'campaigns.read', campaigns: 'campaigns.read', call: 'calls.read', calls: 'calls.read',
  alerts: 'alerts.read', tasks: 'tasks.read', rechecks: 'rechecks.read',
  cases: 'desk.read', case: 'desk.read', alarms: 'desk.read', agents: 'desk.read', conversations: 'desk.read', conversation: 'desk.read',
}

/** Hears events of topics while the component lives. */
export function useLive(topics: string[], listener: Listener): void {
  const session = useSession()
  const allowed = topics.filter((topic) => session.can(NEEDS[topic.split(':')[0] ?? ''] ?? '-'))
  if (allowed.length > 0) onScopeDispose(client.listen(allowed, listener))
}

const OFFLINE_POLL_MS = 8_000
const ONLINE_POLL_MS = 60_000

/** Keeps something fresh: at once after a reconnect, every 8 s without a socket, every minute with one. */
export function useFresh(refresh: () => unknown): void {
  let last = Date.now()
  const timer = setInterval(() => {
    const wait = state.value === 'open' ? ONLINE_POLL_MS : OFFLINE_POLL_MS
    if (document.visibilityState === 'hidden' || Date.now() - last < wait) return
    last = Date.now()
    refresh()
  }, 2_000)
  const stop = watch(reopened, () => refresh())
  onScopeDispose(() => {
    clearInterval(timer)
    stop()
  })
}

/** Runs at most once per interval, the last call never lost. */
export function throttled(run: () => unknown, intervalMs: number): () => void {
  let last = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  return () => {
    if (timer) return
    const wait = Math.max(0, last + intervalMs - Date.now())
    timer = setTimeout(() => {
      timer = undefined
      last = Date.now()
      run()
    }, wait)
  }
}
