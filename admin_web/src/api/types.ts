import type { CampaignSource } from './sources'

export type * from './calls'

/** What the HTTP API publishes; names and units as there (times ISO-8601 UTC, dates YYYY-MM-DD). */

export interface Page<T> {
  items: T[]
  next_cursor: string | null
  total: number | null
}

export interface User {
  id: string
  username: string
  display_name: string
  roles: string[]
  permissions: string[]
}

export interface Workbench {
  today: { due: number; done: number; overdue: number; calls_today?: number; reached_today?: number }
  alerts_open: number
  alerts_overdue: number
  rechecks_open: number
  people_open?: number
  campaigns_running?: { id: string; name: string; counts: Partial<BoardCounts> }[]
}

export type TaskStatus = 'planned' | 'due' | 'in_progress' | 'done' | 'unreachable' | 'cancelled' | 'missed'

export interface Task {
  id: string
  patient_id: string
  template_key: string
  node_key: string
  title: string
  questionnaire_key: string
  due_on: string
  status: TaskStatus
  response_id: string | null
  patient_name: string
  record_number?: string
  site: string | null
  stage: string | null
}

export interface PlanTemplate {
  key: string
  title: string
  disease?: string
  nodes?: unknown[]
}

export interface PatientPlan {
  id: string
  template_key: string
  title: string
  anchor_kind: string
  anchor_title?: string
  anchor_on: string | null
  tasks: Task[]
}

export interface Preferences {
  contact_windows: { start: string; end: string }[]
  channel: 'voice' | 'sms'
  dialect: string | null
  hard_of_hearing?: boolean
  remote?: boolean
}

export interface Relative {
  relation: string
  name: string | null
  phone: string | null
}

export interface Facets {
  sites: string[]
  departments: string[]
  stages: string[]
}

export interface Patient {
  id: string
  record_number: string
  visit_card?: string | null
  name: string
  phone?: string | null
  site: string | null
  department: string | null
  stage: string | null
  gender: string | null
  birth_date: string | null
  consent: 'granted' | 'refused' | 'unknown'
  preferences: Preferences | null
  do_not_contact: boolean
  deceased: boolean
  wrong_number?: boolean
  relatives?: Relative[]
}

export interface Treatment {
  id: string
  kind: string
  occurred_on: string
  detail: Record<string, unknown> | null
}

export interface Contract {
  id: string
  contract_number: string
  embryos: number | null
  frozen_on: string | null
  due_on: string | null
  annual_fee_fen: number
  paid_until: string | null
  arrears_fen: number
  state: 'active' | 'arrears' | 'terminated'
}

export interface ObservationPoint {
  at: string
  value: number | null
  text: string | null
  flag: string | null
  critical: boolean
}

export interface ObservationSeries {
  code: string
  name: string
  unit: string | null
  low: number | null
  high: number | null
  points: ObservationPoint[]
}

export type AnswerStatus = 'accepted' | 'uncertain' | 'refused' | 'skipped'

export interface Answer {
  link_id: string
  question: string
  value: unknown
  display: string | null
  words: string | null
  confidence: number | null
  status: AnswerStatus
  source: string
}

export interface QuestionnaireResponse {
  id: string
  title: string
  status: 'in_progress' | 'completed' | 'stopped'
  channel: string
  started_at: string | null
  completed_at: string | null
  answers: Answer[]
}

export type AlertLevel = 'red' | 'orange' | 'yellow'

export interface Alert {
  id: string
  patient_id: string
  patient_name: string
  record_number: string
  level: AlertLevel
  text: string
  raised_at: string
  ack_deadline: string
  overdue: boolean
  acknowledged_at: string | null
  acknowledged_by: string | null
  note?: string | null
  response_id: string | null
  call_id: string | null
}

export interface Option {
  code: string
  display: string
  synonyms?: string[]
  key?: string | null
}

export type ItemType = 'boolean' | 'choice' | 'multi_choice' | 'integer' | 'decimal' | 'date' | 'text' | 'display'

export interface RecheckItem {
  link_id: string
  type: ItemType
  options: Option[]
  unit: string | null
  minimum?: number | null
  maximum?: number | null
}

export interface Recheck {
  id: string
  patient_id: string
  patient_name: string
  record_number: string
  questionnaire_title: string
  question: string
  item: RecheckItem
  words: string | null
  reading: string | null
  value: unknown
  confidence: number | null
  reason: string
  level?: AlertLevel | null
  call_id: string | null
  created_at: string
  resolved_at?: string | null
}

export interface BoardCounts {
  total: number
  waiting: number
  in_progress: number
  done: number
  retrying: number
  people: number
  excluded: number
  cancelled?: number
}

export interface CampaignFilter {
  template_key: string | null
  site: string | null
  stage: string | null
  due_from: string | null
  due_to: string | null
}

export interface CampaignIn {
  name: string
  filter: CampaignFilter
  source?: CampaignSource
  standing?: boolean
  skip_holidays?: boolean
  patient_daily_cap?: number
  window_start: string
  window_end: string
  daily_cap: number
  max_concurrent: number
  carrier: string
  caller_id: string | null
}

export interface Campaign extends CampaignIn {
  id: string
  status: 'draft' | 'running' | 'paused' | 'finished' | 'cancelled'
  created_at: string
  counts?: Partial<BoardCounts>
}

export interface CampaignPreview {
  targets: number
  excluded: { reason: string; label?: string; count: number }[]
  complete?: boolean
}

export interface LiveCall {
  call_id: string
  patient_name: string
  state: string
  started_at: string | null
  last_text: string | null
}

export interface Board {
  campaign: Campaign
  counts: BoardCounts
  outcomes: { disposition: string; label: string; count: number }[]
  live: LiveCall[]
  per_minute: { minute: string; ended: number }[]
}

export interface AttemptLine {
  at: string | null
  disposition: string | null
  label: string | null
  call_id: string | null
}

export interface Target {
  id: string
  patient_id: string
  patient_name: string
  record_number: string
  state: string
  reason?: string | null
  reason_label?: string | null
  last_disposition: string | null
  last_label: string | null
  attempts_made: number
  next_attempt_at: string | null
}

export interface PeopleItem {
  id: string
  campaign_id: string
  campaign: string
  patient_id: string
  patient_name: string
  record_number: string
  reason: string
  reason_label: string
  opened_at: string
  attempts: AttemptLine[]
}

export interface ImportIssue {
  file: string
  row: number | null
  column: string | null
  value: string | null
  reason: string
  remedy: string | null
  severity: 'error' | 'warning'
}

export interface ImportFileReport {
  file: string
  rows: number
  created: number
  updated: number
  unchanged: number
  refused: number
  warned: number
}

export interface ImportReport {
  id: string
  dry_run: boolean
  state: 'running' | 'previewed' | 'applied' | 'failed'
  started_at: string
  finished_at: string | null
  files: ImportFileReport[]
  issues: ImportIssue[]
  issues_total: number
}

export type { DefinitionProblem, DraftSaved, Questionnaire, QuestionnaireItem, QuestionnaireSummary } from './questionnaire'

export interface LiveEvent {
  topic: string
  name: string
  data: Record<string, unknown>
  at: string
}

export interface Health {
  status: string
  database: unknown
  rasa: unknown
  worker: unknown
}
