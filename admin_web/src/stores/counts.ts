import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { campaigns, people, workbench } from '@/api'
import { desk, type DeskCounts } from '@/api/desk'
import { problemOf, type ApiProblem } from '@/api/problem'
import type { Workbench } from '@/api/types'
import { useSession } from './session'

/** The workbench's figures; the navigation shows three of them on every page. */
export const useCounts = defineStore('counts', () => {
  const data = shallowRef<Workbench | null>(null)
  const error = shallowRef<ApiProblem | null>(null)
  const talks = shallowRef<DeskCounts | null>(null)
  /** The record publishes its own figures; what lies above it is asked for where they are absent. */
  async function complete(found: Workbench): Promise<Workbench> {
    if (!useSession().can('campaigns.read')) return found
    const [waiting, running] = await Promise.all([
      found.people_open ?? people.list({ limit: 50 }).then((page) => page.total ?? page.items.length),
      found.campaigns_running ?? campaigns.list({ status: 'running', limit: 5 }).then((page) => page.items.map(({ id, name, counts }) => ({ id, name, counts: counts ?? {} }))),
    ])
    return { ...found, people_open: waiting, campaigns_running: running }
  }

  async function load(): Promise<void> {
    if (useSession().can('desk.read')) talks.value = await desk.counts().catch(() => talks.value)
    if (!useSession().can('workbench.read')) return
    try {
      data.value = await complete(await workbench())
      error.value = null
    } catch (caught) {
      error.value = problemOf(caught)
    }
  }
  return {
    data, error, load,
    urgent: computed(() => (talks.value?.urgent ?? 0) + (talks.value?.breached ?? 0)),
    badges: computed<Record<string, number>>(() => ({
      alerts: data.value?.alerts_open ?? 0,
      rechecks: data.value?.rechecks_open ?? 0,
      people: data.value?.people_open ?? 0,
      desk: (talks.value?.unassigned ?? 0) + (talks.value?.mine ?? 0),
    })),
  }
})
