import type { AlertLevel, ItemType, Option } from './types'

export interface QuestionnaireSummary {
  key: string
  title: string
  version: number | string
  status: 'draft' | 'published' | 'retired'
  items_count: number
}

export interface QuestionnaireItem {
  link_id: string
  type: ItemType
  text_chat: string | null
  text_voice: string | null
  text_keys: string | null
  text_rephrase: string | null
  options: Option[]
  unit: string | null
  minimum: number | null
  maximum: number | null
  required: boolean
  skippable: boolean
  enable_when: { question: string; operator: string; answer: unknown }[]
  enable_behavior: 'all' | 'any'
}

export interface Questionnaire {
  key: string
  version: number | string
  title: string
  status: string
  intro_voice?: string | null
  items: QuestionnaireItem[]
  alert_rules: { key?: string; rule_key?: string; level: AlertLevel; text: string }[]
}

export interface DefinitionProblem {
  link_id?: string | null
  code?: string
  message?: string
  text?: string
  line?: number | null
}
