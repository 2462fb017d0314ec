import { get, post, request } from './http'

export type PromptVoice = 'normal' | 'slow'

export interface PromptRecording {
  id: string
  voice: PromptVoice
  text: string
  state: 'pending' | 'active' | 'rejected' | 'retired'
  facts: { rate_hz: number; seconds: number; speech_dbfs: number; noise_dbfs: number | null; doubts: string[] }
  uploaded_at: string
  uploaded_by_id: string
  uploaded_by: string
  reviewed_by: string | null
}

/** A fixed sentence of the calls, and staff's recordings of it. */
export interface PromptLine {
  text: string
  places: string[]
  active: PromptRecording | null
  pending: PromptRecording | null
}

export const prompts = {
  list: (voice: PromptVoice): Promise<PromptLine[]> => get('/api/prompts', { voice }),
  upload: (text: string, voice: PromptVoice, file: File): Promise<PromptRecording> => {
    const form = new FormData()
    form.append('text', text)
    form.append('voice', voice)
    form.append('file', file, file.name)
    return request('POST', '/api/prompts/recordings', { form })
  },
  review: (id: string, approve: boolean): Promise<PromptRecording> => post(`/api/prompts/recordings/${id}/review`, { approve }),
  retire: (id: string): Promise<null> => post(`/api/prompts/recordings/${id}/retire`),
  audioUrl: (id: string): string => `/api/prompts/recordings/${id}/audio`,
}
