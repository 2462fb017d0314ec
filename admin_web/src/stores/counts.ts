import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { workbench } from '@/api'
import { problemOf, type ApiProblem } from '@/api/problem'
import type { Workbench } from '@/api/types'
import { useSession } from './session'

/** The workbench's figures; the navigation shows three of them on every page. */
export const useCounts = defineStore('counts', () => {
  const data = shallowRef<Workbench | null>(null)
  const error = shallowRef<ApiProblem | null>(null)
  async function load(): Promise<void> {
    if (!useSession().can('workbench.read')) return
    try {
      data.value = await workbench()
      error.value = null
    } catch (caught) {
      error.value = problemOf(caught)
    }
  }
  return {
    data, error, load,
    badges: computed<Record<string, number>>(() => ({
      alerts: data.value?.alerts_open ?? 0,
      rechecks: data.value?.rechecks_open ?? 0,
      people: data.value?.people_open ?? 0,
    })),
  }
})
