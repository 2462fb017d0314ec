import type { AlertLevel, ItemType, Option } from './types'

export interface QuestionnaireSummary {
  key: string
  title: string
  version: number
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
  version: number
  title: string
  status: string
  description?: string
  intro_voice?: string
  closing_voice?: string
  items: QuestionnaireItem[]
  alert_rules: { key: string; level: AlertLevel; text: string; advice_voice?: string }[]
}

export interface DefinitionProblem {
  code?: string
  link_id: string | null
  reason: string
  remedy?: string
}

/** A kept draft and what still keeps it from being published. */
export interface DraftSaved {
  key: string
  version: number
  title: string
  problems: DefinitionProblem[]
}
