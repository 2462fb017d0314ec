import { filled, get, post, request, type Query } from './http'
import type { Page } from './types'

/** The knowledge base as /api/knowledge publishes it. */

export type AnswerClass = 'service' | 'education' | 'advice'
export interface Content {
  question: string
  variants: string[]
  text_chat: string
  text_voice: string
  links: { title: string; url: string }[]
  pictures: { title: string; url: string }[]
  department: string
  audience: string[]
  answer_class: AnswerClass
  valid_from: string | null
  valid_until: string | null
}
export interface EntryLine {
  id: string
  key: string
  question: string
  department: string
  answer_class: AnswerClass
  status: 'draft' | 'published' | 'retired'
  open_status: 'draft' | 'in_review' | null
  flags: string[]
  revision: number | null
  variants_count: number
  given_count: number
  useful_count: number
  useless_count: number
  score: number | null
  owner_name: string | null
  valid_until: string | null
  updated_at: string
}
export interface Revision extends Content {
  number: number
  status: 'draft' | 'in_review' | 'published' | 'retired'
  author_id: string | null
  author_name: string | null
  approved: boolean
  reviewer_name: string | null
  review_note: string | null
  change_note: string | null
}
export interface RevisionLine {
  number: number
  status: string
  author_name: string | null
  reviewer_name: string | null
  published_at: string | null
  retired_at: string | null
  given_count: number
  change_note: string | null
}
export interface EntryDetail extends EntryLine {
  version: number
  published: Revision | null
  open: Revision | null
  revisions: RevisionLine[]
}
export interface Gold {
  id: string
  question: string
  expected: string[]
  found_key: string | null
  found_question: string | null
}
export interface Gate {
  checked: number
  broken: Gold[]
  fixed: Gold[]
}
export interface Found {
  entry_id: string
  key: string
  question: string
  matched: string
  answer_class: AnswerClass
  score: number
}
export interface LiveTest {
  kind: 'answer' | 'choices' | 'none'
  refer: 'clinician' | 'staff' | null
  answer_at: number
  offer_at: number
  took_ms: number
  found: Found[]
  answer: { text_chat: string; text_voice: string; question: string; revision: number } | null
}
export interface Difference {
  field: string
  title: string
  parts: { kind: 'same' | 'added' | 'removed'; text: string }[]
}
export interface Overview {
  counts: Record<string, number>
  index: { version: number; entries: number; questions: number; model: string | null; built_at: string | null }
  thresholds: { answer_at: number; offer_at: number }
  departments: string[]
  audiences: string[]
}
export interface Group {
  id: string
  text: string
  count: number
  patients_count: number
  first_at: string
  last_at: string
  channels: Record<string, number>
  status: 'open' | 'drafted' | 'answered' | 'dismissed'
  entry_id: string | null
  nearest: { entry_id: string; question: string; score: number } | null
}
export interface Candidate {
  id: string
  question: string
  answer: string
  source_kind: string
  author_name: string | null
  at: string
  status: string
  entry_id: string | null
  similar: { entry_id: string; question: string; score: number } | null
}
export interface EvaluationLine {
  method: 'bm25' | 'dense' | 'fused'
  acc_at_1: number
  recall_at_5: number
  recall_at_10: number
  mrr: number
  wrong_given: number
  refused_right: number
  answered: number
  p50_ms: number
  p95_ms: number
}
export interface Evaluation {
  id: string
  at: string
  by_name: string | null
  questions: number
  entries: number
  took_seconds: number
  lines: EvaluationLine[]
  answer_at: number
  offer_at: number
  wrong?: { question: string; expected: string[]; found_key: string | null; score: number }[]
}
export type TermKind = 'synonym' | 'word' | 'placeholder' | 'foreign' | 'familiar'
export interface Term {
  id: string
  kind: TermKind
  term: string
  alternatives: string[]
  label?: string
}
export interface KnowledgeImport {
  id: string
  file_name: string
  status: 'previewed' | 'applied'
  rows: number
  sound: number
  broken: { row: number; field: string; reason: string; remedy: string }[]
  duplicates: { row: number; question: string; kind: 'same' | 'near'; entry_question: string; score: number }[]
  conflicts: { row: number; key: string; fields: string[] }[]
  created: number
  updated: number
  unchanged: number
}

const at = (path: string): string => `/api/knowledge/${path}`

export const knowledge = {
  overview: (): Promise<Overview> => get(at('overview')),
  list: (query: Query): Promise<Page<EntryLine>> => get(at('entries'), query),
  search: (wanted: Query): Promise<Page<EntryLine>> => post(at('entries/search'), filled(wanted)),
  one: (id: string): Promise<EntryDetail> => get(at(`entries/${id}`)),
  create: (content: Content, change_note: string): Promise<EntryDetail> => post(at('entries'), { content, change_note }),
  saveDraft: (id: string, content: Content, change_note: string, expected_version: number): Promise<EntryDetail> =>
    request('PUT', at(`entries/${id}/draft`), { json: { content, change_note, expected_version } }),
  dropDraft: (id: string): Promise<EntryDetail | null> => request('DELETE', at(`entries/${id}/draft`)),
  submit: (id: string): Promise<EntryDetail> => post(at(`entries/${id}/submit`), {}),
  review: (id: string, decision: 'approve' | 'return', note: string): Promise<EntryDetail> => post(at(`entries/${id}/review`), { decision, note }),
  gate: (id: string): Promise<Gate> => get(at(`entries/${id}/gate`)),
  publish: (id: string, reason: string): Promise<EntryDetail> => post(at(`entries/${id}/publish`), reason ? { reason } : {}),
  retire: (id: string, reason: string): Promise<EntryDetail> => post(at(`entries/${id}/retire`), { reason }),
  resume: (id: string, note: string): Promise<EntryDetail> => post(at(`entries/${id}/resume`), { note }),
  checked: (id: string): Promise<EntryDetail> => post(at(`entries/${id}/checked`), {}),
  differences: (id: string, before: number, after: number): Promise<{ fields: Difference[] }> => get(at(`entries/${id}/differences`), { before, after }),
  test: (text: string, draft_of: string | null): Promise<LiveTest> => post(at('test'), { text, ...(draft_of ? { draft_of } : {}) }),
  correct: (body: { entry_id: string; revision: number; text: string }): Promise<{ written: number; to_call: number; left: number }> => post('/api/desk/corrections', body),
  givenExport: (id: string, revision: number): string => at(`given/export?entry_id=${id}&revision=${revision}`),
  unanswered: (query: Query): Promise<Page<Group>> => get(at('unanswered'), query),
  group: (id: string): Promise<Group & { samples: { id: string; text: string; at: string; channel: string }[] }> => get(at(`unanswered/${id}`)),
  draftGroup: (id: string, entry_id: string | null): Promise<EntryDetail> => post(at(`unanswered/${id}/draft`), entry_id ? { entry_id } : {}),
  dismissGroup: (id: string, reason: string): Promise<Group> => post(at(`unanswered/${id}/dismiss`), { reason }),
  candidates: (query: Query): Promise<Page<Candidate>> => get(at('candidates'), query),
  draftCandidate: (id: string, entry_id: string | null): Promise<EntryDetail> => post(at(`candidates/${id}/draft`), entry_id ? { entry_id } : {}),
  dismissCandidate: (id: string): Promise<Candidate> => post(at(`candidates/${id}/dismiss`), {}),
  evaluations: (): Promise<Page<Evaluation>> => get(at('evaluations'), { limit: 20 }),
  evaluation: (id: string): Promise<Evaluation> => get(at(`evaluations/${id}`)),
  evaluate: (): Promise<Evaluation> => post(at('evaluations'), {}),
  terms: (kind: string): Promise<Term[] | { items: Term[] }> => get(at('terms'), { kind }),
  subjects: (): Promise<{ words: string[] }> => get(at('terms/subjects')),
  addTerm: (term: Omit<Term, 'id'>): Promise<Term> => post(at('terms'), term),
  changeTerm: (id: string, term: Omit<Term, 'id'>): Promise<Term> => request('PUT', at(`terms/${id}`), { json: term }),
  removeTerm: (id: string): Promise<null> => request('DELETE', at(`terms/${id}`)),
  preview: (file: File): Promise<KnowledgeImport> => {
    const form = new FormData()
    form.append('file', file, file.name)
    return request('POST', at('imports'), { form })
  },
  apply: (id: string, skip_duplicates: boolean): Promise<KnowledgeImport> => post(at(`imports/${id}/apply`), { skip_duplicates }),
  exportUrl: (format: string): string => at(`export?format=${format}&status=published`),
}
