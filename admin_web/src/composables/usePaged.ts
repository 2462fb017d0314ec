import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { Page } from '@/api/types'
import { problemOf, type ApiProblem } from '@/api/problem'

export interface Paged<T> {
  items: ShallowRef<T[]>
  total: Ref<number | null>
  loading: Ref<boolean>
  loadingMore: Ref<boolean>
  error: ShallowRef<ApiProblem | null>
  hasMore: ComputedRef<boolean>
  /** Starts over and shows the skeleton. */
  reload: () => Promise<void>
  /** Fetches as many rows as are shown, leaving them in place until the answer is here. */
  refresh: () => Promise<void>
  more: () => Promise<void>
  patch: (change: (items: T[]) => T[]) => void
}

type Fetch<T> = (cursor: string | null) => Promise<Page<T>>

/** Keyset paging over one list; an answer that comes after a newer question is dropped. */
export function usePaged<T>(fetchPage: Fetch<T>): Paged<T> {
  const items = shallowRef<T[]>([])
  const total = ref<number | null>(null)
  const loading = ref(false)
  const loadingMore = ref(false)
  const error = shallowRef<ApiProblem | null>(null)
  const cursor = ref<string | null>(null)
  let round = 0

  async function ask(from: string | null, keep: boolean): Promise<void> {
    const mine = ++round
    try {
      const page = await fetchPage(from)
      if (mine !== round) return
      items.value = keep ? [...items.value, ...page.items] : page.items
      cursor.value = page.next_cursor
      if (!keep || page.total !== null) total.value = page.total
      error.value = null
    } catch (caught) {
      if (mine === round) error.value = problemOf(caught)
    } finally {
      if (mine === round) loading.value = loadingMore.value = false
    }
  }

  return {
    items, total, loading, loadingMore, error,
    hasMore: computed(() => cursor.value !== null),
    reload: () => {
      loading.value = true
      loadingMore.value = false
      error.value = null
      items.value = []
      return ask(null, false)
    },
    refresh: () => (loading.value || loadingMore.value ? Promise.resolve() : ask(null, false)),
    more: () => {
      if (cursor.value === null || loadingMore.value || loading.value) return Promise.resolve()
      loadingMore.value = true
      return ask(cursor.value, true)
    },
    patch: (change) => {
      items.value = change(items.value)
    },
  }
}
