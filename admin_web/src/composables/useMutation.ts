import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { problemOf, type ApiProblem } from '@/api/problem'

/** One change sent to the server: busy while it runs, its problem kept for the form. */
export function useMutation<A extends unknown[], R>(run: (...args: A) => Promise<R>): {
  busy: Ref<boolean>
  problem: ShallowRef<ApiProblem | null>
  send: (...args: A) => Promise<R | undefined>
} {
  const busy = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)
  return {
    busy,
    problem,
    send: async (...args) => {
      if (busy.value) return undefined
      busy.value = true
      problem.value = null
      try {
        return await run(...args)
      } catch (caught) {
        problem.value = problemOf(caught)
        return undefined
      } finally {
        busy.value = false
      }
    },
  }
}
