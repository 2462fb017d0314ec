/** What the chat API sends and takes; see /api/docs. Times are ISO 8601 with an offset. */

export interface QuickReply {
  label: string
  text: string
  choice: string | null
}

/** One of the questions that patients read through. */
export interface Question {
  entry_id: string
  question: string
  department: string
}

export interface FileFacts {
  id: string
  kind: 'picture' | 'voice'
  media_type: string
  size_bytes: number
  width: number | null
  height: number | null
  seconds: number | null
}

export interface Message {
  id: string
  /** 1, 2, 3 ... in one conversation, without holes. */
  seq: number
  sender: 'patient' | 'bot' | 'staff' | 'system'
  kind: 'text' | 'picture' | 'voice' | 'notice' | 'satisfaction'
  text: string
  at: string
  automatic: boolean
  client_id: string | null
  reply_to: string | null
  author: string | null
  quick_replies: QuickReply[]
  links: { title: string; url: string }[]
  pictures: { url: string; alt: string }[]
  rateable: boolean
  useful: boolean | null
  file: FileFacts | null
}

export interface Conversation {
  id: string
  status: 'pending' | 'open' | 'snoozed' | 'resolved'
  with_person: boolean
  waiting_for_person: boolean
  last_seq: number
  identified: { name: string; record_number: string } | null
  satisfaction_asked: boolean
}

export interface Limits {
  text_chars: number
  picture_bytes: number
  voice_bytes: number
  voice_seconds: number
  messages_per_minute: number
}

export interface Visit {
  token: string | null
  resumed: boolean
  expires_at: string
  conversation: Conversation
  messages: Message[]
  limits: Limits
  hospital_name: string
}

export interface Sent {
  message: Message
  replies: Message[]
  conversation: Conversation
}

export interface Identity {
  record_number?: string
  phone?: string
  birth_date?: string
  phone_tail?: string
}

export type ServerFrame =
  | { type: 'welcome'; conversation: Conversation; messages: Message[]; more: boolean; limits: Limits }
  | { type: 'accepted'; client_id: string; message: Message }
  | { type: 'message'; message: Message }
  | { type: 'conversation'; conversation: Conversation }
  | { type: 'typing'; by: 'bot' | 'staff' }
  | { type: 'error'; code: string; title: string; client_id: string | null; retryable: boolean }
  | { type: 'pong' }
