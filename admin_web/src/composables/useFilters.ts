import { computed, watch, type ComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'

/** Reads filters out of an address; what is absent is its default. */
export function readFilters<F extends Record<string, string>>(defaults: F, query: LocationQuery): F {
  const values = { ...defaults } as Record<string, string>
  for (const key of Object.keys(defaults)) {
    const found = query[key]
    const one = Array.isArray(found) ? found[0] : found
    if (typeof one === 'string') values[key] = one
  }
  return values as F
}

/** The query with filters changed; defaults leave the address. */
export function writeFilters<F extends Record<string, string>>(defaults: F, query: LocationQuery, change: Partial<F>): LocationQuery {
  const next: LocationQuery = { ...query }
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined || value === defaults[key]) delete next[key]
    else next[key] = value
  }
  return next
}

export interface Filters<F> {
  filters: ComputedRef<F>
  set: (change: Partial<F>) => void
  clear: () => void
  active: ComputedRef<boolean>
}

/** Filters kept in the address, so that a list can be sent to a colleague and Back works. */
export function useFilters<F extends Record<string, string>>(defaults: F, onChange?: () => void): Filters<F> {
  const route = useRoute()
  const router = useRouter()
  const filters = computed(() => readFilters(defaults, route.query))
  const home = route.path
  if (onChange) {
    watch(
      () => JSON.stringify(filters.value),
      () => {
        if (route.path === home) onChange()
      },
    )
  }
  return {
    filters,
    set: (change) => void router.replace({ query: writeFilters(defaults, route.query, change) }),
    clear: () => void router.replace({ query: writeFilters(defaults, route.query, defaults) }),
    active: computed(() => Object.keys(defaults).some((key) => filters.value[key] !== defaults[key])),
  }
}
