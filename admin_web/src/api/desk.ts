import { get, post, request, type Query } from './http'
import type { Page } from './types'

/** The desk as /api/desk publishes it: conversations, cases, rota, canned replies; and the safety rules. */

export type Urgency = 'urgent' | 'high' | 'normal'
export type Presence = 'accepting' | 'paused' | 'offline'
export type View = 'mine' | 'unassigned' | 'all' | 'resolved'

export interface Sla {
  state: 'none' | 'running' | 'due_soon' | 'breached' | 'met'
  due_at: string | null
  clock: 'working' | 'wall' | null
}
export interface DeskLabel {
  id: string
  name: string
  color: string
}
export interface ConversationLine {
  id: string
  channel: string
  status: 'pending' | 'open' | 'snoozed' | 'resolved'
  epoch: number
  owner_id: string | null
  owner_name: string | null
  patient_id: string | null
  patient_name: string | null
  record_number: string | null
  department: string | null
  queue_name: string | null
  case_id: string | null
  case_kind: string | null
  urgency: Urgency
  subject: string
  last_message_at: string | null
  last_sender: string | null
  last_text: string | null
  unread: number
  waiting_since: string | null
  snoozed_until: string | null
  sla: Sla
  labels: DeskLabel[]
}
export interface DeskFile {
  id: string
  kind: 'picture' | 'voice'
  media_type: string
  width: number | null
  height: number | null
  seconds: number | null
}
export interface DeskMessage {
  id: string
  sender: 'patient' | 'bot' | 'staff' | 'system'
  author_name: string | null
  text: string
  at: string
  key?: string | null
  file?: DeskFile | null
  /** Questions that the bot offered with it. */
  choices?: string[]
}
export interface DeskNote {
  id: string
  author_name: string
  text: string
  at: string
  mine: boolean
}
export interface Alarm {
  ordinal: number
  who: string
  label: string
  due_at: string
  told_at: string | null
  cancelled_at: string | null
  told: { user_id: string; name: string }[]
}
export interface DeskCase {
  id: string
  kind: string
  kind_label: string
  urgency: Urgency
  department: string | null
  queue_name: string | null
  reason_text: string
  status: 'open' | 'resolved'
  conversation_id: string | null
  patient_id: string | null
  patient_name: string | null
  record_number: string | null
  call_id: string | null
  assignee_name: string | null
  opened_at: string
  sla: Sla
  acknowledged_at: string | null
  acknowledged_by: string | null
  resolved_at: string | null
  outcome: string | null
  needs_acknowledgement: boolean
  flags: { family: string; title: string; at: string }[]
  alarms: Alarm[]
}
export interface ConversationDetail extends ConversationLine {
  cases: DeskCase[]
  notes: DeskNote[]
  satisfaction: { score: number; word: string | null; at: string } | null
  has_more: boolean
  messages: DeskMessage[]
}
/** A browser or a person on WeChat that is known as a patient. */
export interface Binding {
  conversation_id: string
  channel: string
  seen_at: string
  until: string
}
export interface Bindings {
  items: Binding[]
  paused: boolean
}
export interface Agent {
  user_id: string
  name: string
  state: Presence
  on_duty: boolean
  queues: { id: string; name: string }[]
  open: number
  capacity: number
}
export interface DeskCounts {
  mine: number
  unassigned: number
  all: number
  urgent: number
  due_soon: number
  breached: number
  agents_accepting: number
  alarms: number
}
export interface Queue {
  id: string
  name: string
  department: string
  open_now: boolean
  waiting: number
  reply_within_minutes: number
  clock: 'working' | 'wall'
  members: { user_id: string; name: string }[]
  out_of_hours_text: string
}
export interface Shift {
  id: string
  queue_id: string
  user_id: string
  user_name: string
  weekday: number | null
  on: string | null
  start: string
  end: string
  on_holidays: boolean
  valid_from: string | null
  valid_until: string | null
  kind: 'duty' | 'absence'
}
export type ShiftIn = Omit<Shift, 'id' | 'user_name'>
export interface Span {
  shift_id: string
  user_id: string
  user_name: string
  queue_id: string
  start: string
  end: string
}
export interface CalendarDay {
  day: string
  kind: 'holiday' | 'workday'
  name: string
}
export interface Rota {
  shifts: Shift[]
  spans: Span[]
  holidays: CalendarDay[]
}
export interface CannedReply {
  id: string
  shortcut: string
  title: string
  text: string
  shared: boolean
  mine: boolean
  uses: number
  placeholders: string[]
}
export interface Suggestion {
  entry_id: string
  question: string
  text: string
  score: number
  answer_class: string
}
export interface Handover {
  summary: { reason: string; asked: string[]; answered_by_bot: number; facts: string[]; waiting_seconds: number | null; red_flags: string[] }
}
export interface SafetyFamily {
  key: string
  title: string
  level: string
  text: string
  wording_chat: string
  wording_voice: string
  question: string
  needs: string[]
  examples: { flag: string[]; free: string[] }
}
export interface SafetyRevision {
  number: number
  status: 'draft' | 'published' | 'retired'
  note: string
  author_name: string | null
  publisher_name: string | null
  created_at: string
  published_at: string | null
  document?: string
}
export interface SafetyFacts {
  transplant?: boolean
  after_retrieval?: boolean
  pregnant?: boolean
}
export interface SafetyCheck {
  revision: number
  flags: { family: string; title: string; rule: string; words: string; start: number; end: number; wording_chat: string }[]
  near_misses: { family: string; title: string; words: string; start: number; end: number; reason: string; cue: string | null }[]
  suspicion: { family: string; title: string; question: string } | null
}

const at = (id: string, verb: string): string => `/api/desk/conversations/${id}/${verb}`

export const desk = {
  me: (): Promise<Agent> => get('/api/desk/me'),
  presence: (state: Presence): Promise<Agent> => request('PUT', '/api/desk/me/presence', { json: { state } }),
  heartbeat: (): Promise<null> => post('/api/desk/me/heartbeat'),
  agents: (): Promise<Agent[]> => get('/api/desk/agents'),
  counts: (): Promise<DeskCounts> => get('/api/desk/counts'),
  list: (query: Query): Promise<Page<ConversationLine>> => get('/api/desk/conversations', query),
  one: (id: string): Promise<ConversationDetail> => get(`/api/desk/conversations/${id}`),
  before: (id: string, messageId: string): Promise<{ items: DeskMessage[]; has_more: boolean }> =>
    get(at(id, 'messages'), { before: messageId, limit: 50 }),
  takeOver: (id: string, expected_epoch: number): Promise<ConversationLine> => post(at(id, 'take-over'), { expected_epoch }),
  giveBack: (id: string, expected_epoch: number): Promise<ConversationLine> => post(at(id, 'give-back'), { expected_epoch }),
  say: (id: string, text: string, dedupe_key: string, expected_epoch: number): Promise<DeskMessage> =>
    post(at(id, 'messages'), { text, dedupe_key, expected_epoch }),
  sendPicture: (id: string, file: File, dedupe_key: string, expected_epoch: number): Promise<DeskMessage> => {
    const form = new FormData()
    form.append('file', file, file.name)
    form.append('dedupe_key', dedupe_key)
    form.append('expected_epoch', String(expected_epoch))
    return request('POST', at(id, 'files'), { form })
  },
  fileUrl: (id: string, fileId: string): string => at(id, `files/${fileId}`),
  transfer: (id: string, to: { to_user_id?: string; to_queue_id?: string }, note: string, expected_epoch: number): Promise<ConversationLine> =>
    post(at(id, 'transfer'), { ...to, note, expected_epoch }),
  resolve: (id: string, outcome: string, note: string, ask_satisfaction: boolean, expected_epoch: number): Promise<ConversationLine> =>
    post(at(id, 'resolve'), { outcome, note: note || null, ask_satisfaction, expected_epoch }),
  snooze: (id: string, until: string, expected_epoch: number): Promise<ConversationLine> => post(at(id, 'snooze'), { until, expected_epoch }),
  read: (id: string, message_id: string): Promise<null> => post(at(id, 'read'), { message_id }),
  note: (id: string, text: string): Promise<DeskNote> => post(at(id, 'notes'), { text }),
  setLabels: (id: string, label_ids: string[]): Promise<DeskLabel[]> => request('PUT', at(id, 'labels'), { json: { label_ids } }),
  suggestions: (id: string): Promise<Suggestion[]> => post(at(id, 'suggestions'), {}),
  handover: (id: string): Promise<Handover> => get(at(id, 'handover')),
  acknowledge: (caseId: string, note: string): Promise<DeskCase> => post(`/api/desk/cases/${caseId}/acknowledge`, { note }),
  bindings: (patientId: string): Promise<Bindings> => get(`/api/desk/patients/${patientId}/bindings`),
  unbind: (id: string, reason: string, pause: boolean): Promise<null> => post(at(id, 'unbind'), { reason, pause }),
  setIdentification: (patientId: string, paused: boolean, reason: string): Promise<null> =>
    request('PUT', `/api/desk/patients/${patientId}/identification`, { json: { paused, reason } }),
  labels: (): Promise<DeskLabel[]> => get('/api/desk/labels'),
  addLabel: (name: string, color: string): Promise<DeskLabel> => post('/api/desk/labels', { name, color }),
  removeLabel: (id: string): Promise<null> => request('DELETE', `/api/desk/labels/${id}`),
  propose: (id: string, messageId: string): Promise<null> => post(at(id, `messages/${messageId}/propose`)),
  queues: (): Promise<Queue[]> => get('/api/desk/queues'),
  staff: (): Promise<{ user_id: string; name: string; roles: string[] }[]> => get('/api/desk/staff'),
}

export const rota = {
  read: (from: string, to: string, queue_id: string): Promise<Rota> => get('/api/desk/rota', { from, to, queue_id }),
  add: (shift: ShiftIn): Promise<Shift> => post('/api/desk/rota/shifts', shift),
  change: (id: string, shift: ShiftIn): Promise<Shift> => request('PUT', `/api/desk/rota/shifts/${id}`, { json: shift }),
  remove: (id: string): Promise<null> => request('DELETE', `/api/desk/rota/shifts/${id}`),
  setDay: (day: string, kind: string, name: string): Promise<CalendarDay> => request('PUT', `/api/desk/calendar/${day}`, { json: { kind, name } }),
  clearDay: (day: string): Promise<null> => request('DELETE', `/api/desk/calendar/${day}`),
}

export const replies = {
  list: (): Promise<CannedReply[]> => get('/api/desk/replies'),
  add: (reply: Pick<CannedReply, 'shortcut' | 'title' | 'text' | 'shared'>): Promise<CannedReply> => post('/api/desk/replies', reply),
  change: (id: string, reply: Pick<CannedReply, 'shortcut' | 'title' | 'text' | 'shared'>): Promise<CannedReply> =>
    request('PUT', `/api/desk/replies/${id}`, { json: reply }),
  remove: (id: string): Promise<null> => request('DELETE', `/api/desk/replies/${id}`),
  render: (id: string, conversation_id: string): Promise<{ text: string; missing: string[] }> =>
    post(`/api/desk/replies/${id}/render`, { conversation_id }),
}

export const safety = {
  families: (): Promise<SafetyFamily[]> => get('/api/safety/families'),
  revisions: (): Promise<SafetyRevision[]> => get('/api/safety/revisions'),
  revision: (number: number): Promise<SafetyRevision> => get(`/api/safety/revisions/${number}`),
  draft: (document: string, note: string): Promise<SafetyRevision> => post('/api/safety/revisions', { document, note }),
  save: (number: number, document: string, note: string): Promise<SafetyRevision> =>
    request('PUT', `/api/safety/revisions/${number}`, { json: { document, note } }),
  publish: (number: number, note: string): Promise<SafetyRevision> => post(`/api/safety/revisions/${number}/publish`, { note }),
  check: (text: string, facts: SafetyFacts, revision: number | null): Promise<SafetyCheck> =>
    post('/api/safety/check', { text, facts, ...(revision === null ? {} : { revision }) }),
}
