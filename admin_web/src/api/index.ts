import { filled, get, post, request, type Query } from './http'
import type * as T from './types'

type Paged<Item> = Promise<T.Page<Item>>

export const session = {
  current: () => get<{ user: T.User }>('/api/session'),
  signIn: (username: string, password: string) => post<{ user: T.User }>('/api/session', { username, password }),
  signOut: () => request<null>('DELETE', '/api/session'),
}

export const workbench = (): Promise<T.Workbench> => get('/api/workbench')
export const health = (): Promise<T.Health> => get('/api/health')

export const tasks = (query: Query): Paged<T.Task> => get('/api/tasks', query)
export const taskForm = (id: string): Promise<{ task: T.Task; questionnaire: T.Questionnaire }> => get(`/api/tasks/${id}/form`)
export const completeTask = (
  id: string,
  body: { way: string; note: string | null; answers: { link_id: string; value: unknown }[] },
): Promise<{ task: T.Task; alert_hits: unknown[] }> => post(`/api/tasks/${id}/complete`, body)

/** Lists under a patient come bare or as one page; the pages need only the items. */
async function items<Item>(path: string): Promise<Item[]> {
  const body = await get<Item[] | { items: Item[] }>(path)
  return Array.isArray(body) ? body : body.items
}

type TemplateLine = T.PlanTemplate | { template: T.PlanTemplate }
export const planTemplates = async (): Promise<T.PlanTemplate[]> =>
  (await items<TemplateLine>('/api/plans/templates')).map((one) => ('template' in one ? one.template : one))

export const patients = {
  facets: (): Promise<T.Facets> => get('/api/patients/facets'),
  /** In the body, not the address: what is typed is a name or a phone. */
  search: (wanted: Query, signal?: AbortSignal): Paged<T.Patient> =>
    request('POST', '/api/patients/search', { json: filled(wanted), ...(signal ? { signal } : {}) }),
  one: (id: string): Promise<T.Patient> => get(`/api/patients/${id}`),
  reveal: (id: string, fields: string[], reason: string): Promise<Record<string, string | null>> =>
    post(`/api/patients/${id}/reveal`, { fields, reason }),
  plans: (id: string) => items<T.PatientPlan>(`/api/patients/${id}/plans`),
  treatments: (id: string) => items<T.Treatment>(`/api/patients/${id}/treatments`),
  contracts: (id: string) => items<T.Contract>(`/api/patients/${id}/contracts`),
  observations: (id: string) => items<T.ObservationSeries>(`/api/patients/${id}/observations`),
  responses: (id: string) => items<T.QuestionnaireResponse>(`/api/patients/${id}/responses`),
}

export const alerts = {
  list: (query: Query): Paged<T.Alert> => get('/api/alerts', query),
  acknowledge: (id: string, note: string): Promise<T.Alert> => post(`/api/alerts/${id}/acknowledge`, { note }),
}

export const rechecks = {
  list: (query: Query): Paged<T.Recheck> => get('/api/rechecks', query),
  resolve: (id: string, value: unknown, note: string): Promise<unknown> =>
    post(`/api/rechecks/${id}/resolve`, { value, note }),
}

export const campaigns = {
  list: (query: Query): Paged<T.Campaign> => get('/api/campaigns', query),
  create: (body: T.CampaignIn): Promise<T.Campaign> => post('/api/campaigns', body),
  preview: (body: T.CampaignIn): Promise<T.CampaignPreview> => post('/api/campaigns/preview', body),
  board: (id: string): Promise<T.Board> => get(`/api/campaigns/${id}/board`),
  act: (id: string, verb: 'start' | 'pause' | 'resume' | 'cancel'): Promise<unknown> => post(`/api/campaigns/${id}/${verb}`),
  targets: (id: string, query: Query): Paged<T.Target> => get(`/api/campaigns/${id}/targets`, query),
}

export const people = {
  list: (query: Query): Paged<T.PeopleItem> => get('/api/people-list', query),
  close: (id: string, note: string, outcome: string): Promise<unknown> => post(`/api/people-list/${id}/close`, { note, outcome }),
}

export const calls = {
  list: (query: Query): Paged<T.CallSummary> => get('/api/calls', query),
  one: (id: string): Promise<T.CallDetail> => get(`/api/calls/${id}`),
  audioUrl: (id: string): string => `/api/calls/${id}/audio`,
  caller: (id: string, reason: string): Promise<{ phone_e164: string }> => post(`/api/calls/${id}/caller`, { reason }),
}

export const imports = {
  one: (id: string): Promise<T.ImportReport> => get(`/api/imports/${id}`),
  preview: (files: File[]): Promise<T.ImportReport> => {
    const form = new FormData()
    for (const file of files) form.append('files', file, file.name)
    form.append('dry_run', 'true')
    return request('POST', '/api/imports', { form })
  },
  issues: (id: string, cursor: string | null): Paged<T.ImportIssue> => get(`/api/imports/${id}/issues`, { cursor, limit: 100 }),
  apply: (id: string): Promise<T.ImportReport> => post(`/api/imports/${id}/apply`),
  history: () => items<T.ImportReport>('/api/imports'),
}

export const questionnaires = {
  list: () => items<T.QuestionnaireSummary>('/api/questionnaires'),
  one: (key: string, version: string | number): Promise<T.Questionnaire> => get(`/api/questionnaires/${key}/versions/${version}`),
  yaml: (key: string, version: string | number): Promise<string> => get(`/api/questionnaires/${key}/versions/${version}/yaml`),
  saveDraft: (key: string, yaml: string): Promise<T.DraftSaved> =>
    request('PUT', `/api/questionnaires/${key}/draft`, { text: yaml }),
  publish: (key: string): Promise<T.Questionnaire> => post(`/api/questionnaires/${key}/publish`),
}
