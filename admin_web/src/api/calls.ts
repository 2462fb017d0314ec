import { get, post, request } from './http'
import type { Answer } from './types'

export type Grade = 'good' | 'fair' | 'poor'

/** Per step the square root of each side's peak, 0 to 255. */
export interface Waveform {
  step_ms: number
  patient: number[]
  bot: number[]
}

export interface SideQuality {
  speech_seconds: number
  speech_dbfs: number | null
  noise_dbfs: number | null
  clipped_percent: number
  characters_per_minute: number | null
}

export interface CallQuality {
  grade: Grade
  problems: { code: string; grade: Grade; text: string }[]
  patient: SideQuality | null
  bot: SideQuality | null
  both_seconds: number | null
  late_frames: number
  bad_frames: number
  heard_late: number
  longest_gap_ms: number
  latency_median_ms: number | null
  latency_p95_ms: number | null
  interruptions: number
  resumed: number
  unheard: number
  turns: number
}

export interface CallSummary {
  id: string
  /** null until a caller has said who they are */
  patient_id: string | null
  patient_name: string
  record_number: string
  carrier: string
  direction: string
  /** Who of the hospital dialled it by hand. */
  dialled_by_id?: string | null
  caller_masked?: string | null
  state: string
  disposition: string | null
  disposition_label: string | null
  started_at: string
  answered_at: string | null
  ended_at: string | null
  duration_seconds: number | null
  quality?: Grade | null
}

export interface Turn {
  id: string
  sender: 'patient' | 'bot' | 'staff' | 'system'
  text: string | null
  at: string
  offset_ms: number | null
  until_ms?: number | null
  key: string | null
  source: string | null
  latency_ms: number | null
  understanding: { intent?: string | null; link_id?: string; reading?: unknown; confidence?: number | null } | null
}

export interface CallEvent {
  kind: string
  at: string
  data: Record<string, unknown> | null
}

/** A question that was not answered yet. */
export interface OpenItem {
  link_id: string
  text: string
  current: boolean
}

export interface CallDetail extends CallSummary {
  transcript_source: string | null
  turns: Turn[]
  events: CallEvent[]
  answers: Answer[]
  left?: OpenItem[]
  recording: { available: boolean; duration_seconds: number | null; size_bytes: number | null; format: string | null; missing_because?: string | null; kept_until?: string | null; held_because?: string | null }
  figures?: CallQuality | null
}

export const recordings = {
  hold: (callId: string, reason: string): Promise<null> => post(`/api/calls/${callId}/recording/hold`, { reason }),
  release: (callId: string): Promise<null> => request('DELETE', `/api/calls/${callId}/recording/hold`),
  waveform: (callId: string): Promise<Waveform> => get(`/api/calls/${callId}/waveform`),
}

/** A script tried by voice in the page. */
export const trials = {
  begin: (body: { questionnaire_key: string; questionnaire_version: number; elder: boolean }): Promise<{ call_id: string }> => post('/api/calls/trials', body),
}
