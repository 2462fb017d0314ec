import { onScopeDispose, ref, type Ref } from 'vue'

const now = ref(new Date())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The present, ticking once a second while somebody looks. */
export function useNow(): Ref<Date> {
  users += 1
  now.value = new Date()
  timer ??= setInterval(() => (now.value = new Date()), 1000)
  onScopeDispose(() => {
    users -= 1
    if (users > 0) return
    clearInterval(timer)
    timer = undefined
  })
  return now
}
