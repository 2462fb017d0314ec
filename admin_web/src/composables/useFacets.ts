import { computed, shallowRef, type ComputedRef } from 'vue'
import { patients } from '@/api'
import type { Facets } from '@/api/types'

type Choices = { value: string; text: string }[]
const found = shallowRef<Facets | null>(null)

/** Sites, departments and stages that occur, for the filters; empty when they cannot be had. */
export function useFacets(): { sites: ComputedRef<Choices>; departments: ComputedRef<Choices>; stages: ComputedRef<Choices> } {
  patients.facets().then((facets) => (found.value = facets), () => undefined)
  const choices = (values: readonly string[] | undefined): Choices => (values ?? []).map((value) => ({ value, text: value }))
  return {
    sites: computed(() => choices(found.value?.sites)),
    departments: computed(() => choices(found.value?.departments)),
    stages: computed(() => choices(found.value?.stages)),
  }
}
