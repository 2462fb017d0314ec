import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { problemOf, type ApiProblem } from '@/api/problem'

export interface Resource<T> {
  data: ShallowRef<T | null>
  loading: Ref<boolean>
  error: ShallowRef<ApiProblem | null>
  /** Shows the skeleton only when there is nothing yet; a later failure keeps what is shown. */
  load: () => Promise<void>
}

/** One thing fetched from the API. */
export function useResource<T>(fetchOne: () => Promise<T>): Resource<T> {
  const data = shallowRef<T | null>(null)
  const loading = ref(false)
  const error = shallowRef<ApiProblem | null>(null)
  let round = 0

  async function load(): Promise<void> {
    const mine = ++round
    loading.value = true
    try {
      const found = await fetchOne()
      if (mine !== round) return
      data.value = found
      error.value = null
    } catch (caught) {
      if (mine === round) error.value = problemOf(caught)
    } finally {
      if (mine === round) loading.value = false
    }
  }
  return { data, loading, error, load }
}
