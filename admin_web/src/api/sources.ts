/** Whom a campaign calls: due tasks, storage contracts, patients asked how content they are, or a list. */
export type CampaignSource =
  | { kind: 'tasks' }
  | { kind: 'storage_fees'; due_within_days: number; arrears: boolean }
  | { kind: 'satisfaction'; after: 'episode' | 'calls'; completed_calls: number; within_days: number }
  | { kind: 'list'; record_numbers: string[]; questionnaire_key?: string }
