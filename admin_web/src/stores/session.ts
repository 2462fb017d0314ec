import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { session as api } from '@/api'
import { problemOf } from '@/api/problem'
import type { User } from '@/api/types'
import { grants } from '@/lib/permissions'

export const useSession = defineStore('session', () => {
  const user = ref<User | null>(null)
  const known = ref(false)

  /** Asks the server who we are, once; a lost network leaves the question open. */
  async function restore(): Promise<void> {
    if (known.value) return
    try {
      user.value = (await api.current()).user
      known.value = true
    } catch (error) {
      if (problemOf(error).status === 401) known.value = true
      else throw error
    }
  }

  async function signIn(username: string, password: string): Promise<void> {
    user.value = (await api.signIn(username, password)).user
    known.value = true
  }

  async function signOut(): Promise<void> {
    await api.signOut().catch((error: unknown) => {
      if (problemOf(error).status !== 401) throw error
    })
    user.value = null
  }

  const forget = (): void => {
    user.value = null
    known.value = true
  }
  const can = (permission: string): boolean => grants(user.value?.permissions ?? [], permission)
  return { user: computed(() => user.value), restore, signIn, signOut, forget, can }
})
