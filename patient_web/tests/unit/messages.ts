import type { Conversation, Message, Visit } from '@/api/types'

export const message = (seq: number, facts: Partial<Message> = {}): Message => ({
  id: `m${seq}`, seq, sender: 'bot', kind: 'text', text: `第${seq}句`, at: '2026-11-21T08:00:00+08:00', automatic: true,
  client_id: null, reply_to: null, author: null, quick_replies: [], links: [], pictures: [], rateable: false, useful: null, file: null,
  ...facts,
})

export const conversation: Conversation = {
  id: 'c1', status: 'pending', with_person: false, waiting_for_person: false, last_seq: 1, identified: null, satisfaction_asked: false,
}

export const LIMITS = { text_chars: 2000, picture_bytes: 1, voice_bytes: 1, voice_seconds: 60, messages_per_minute: 20 }

export const visit = (facts: Partial<Visit> = {}): Visit => ({
  token: 't1', resumed: false, expires_at: '2026-12-21T08:00:00+08:00', conversation, messages: [message(1)], limits: LIMITS,
  hospital_name: '示例医院', ...facts,
})
