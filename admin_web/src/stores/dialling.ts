import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { DialSource } from '@/api/dials'

export interface DialTarget {
  patientId: string
  /** Masked, as lists show it. */
  name: string
  recordNumber: string
  source: DialSource
  sourceId: string | null
}

/** Whom this person is calling; one at a time, whatever page they look at meanwhile. */
export const useDialling = defineStore('dialling', () => {
  const target = ref<DialTarget | null>(null)
  /** A call is being made or written down, which another must not push aside. */
  const busy = ref(false)
  function ask(wanted: DialTarget): void {
    if (!busy.value) target.value = wanted
  }
  function close(): void {
    target.value = null
    busy.value = false
  }
  return { target, busy, ask, close }
})
