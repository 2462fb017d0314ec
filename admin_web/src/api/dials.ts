import { get, post } from './http'

export type DialSource = 'patient' | 'alert' | 'people' | 'desk'
export type DialOutcome = 'reached' | 'no_answer' | 'busy' | 'wrong_number' | 'call_back'

/** Whether a patient may be called by hand now. */
export interface DialCheck {
  allowed: boolean
  /** Every rule against it may be overridden with a reason. */
  needs_reason: boolean
  obstacles: { code: string; label: string; overridable: boolean }[]
  next_allowed_at: string | null
  danger: boolean
  /** The call that the patient is in now. */
  call_id: string | null
  pace: number
}

export interface Dial {
  id: string
  user_id: string
  overridden: string[]
  reason: string | null
  result: DialOutcome | null
  result_label: string | null
  call_back_at: string | null
  note: string | null
}

export interface DialResultIn {
  result: DialOutcome
  note: string
  call_back_at: string | null
}

export const dials = {
  check: (patientId: string): Promise<DialCheck> => get(`/api/patients/${patientId}/dialling`),
  begin: (body: { patient_id: string; source_kind: DialSource; source_id: string | null; reason: string | null }): Promise<{ call_id: string }> => post('/api/dials', body),
  one: (callId: string): Promise<Dial> => get(`/api/dials/${callId}`),
  close: (callId: string, said: DialResultIn): Promise<Dial> => post(`/api/dials/${callId}/result`, said),
}
