import { problemOf, toProblem } from './problem'

export type Query = Record<string, string | number | boolean | null | undefined>

export interface RequestOptions {
  query?: Query
  json?: unknown
  form?: FormData
  text?: string
  signal?: AbortSignal
}

let onUnauthorised: () => void = () => undefined

/** Called once a request finds the session gone (401), except when signing in. */
export function setUnauthorisedHandler(handler: () => void): void {
  onUnauthorised = handler
}

/** A query without what was left empty. */
export function filled(query: Query): Query {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== ''))
}

export function withQuery(path: string, query: Query = {}): string {
  const text = new URLSearchParams(Object.entries(filled(query)).map(([key, value]) => [key, String(value)])).toString()
  return text === '' ? path : `${path}?${text}`
}

function bodyOf(options: RequestOptions): { body?: BodyInit; type?: string } {
  if (options.form) return { body: options.form }
  if (options.text !== undefined) return { body: options.text, type: 'application/yaml; charset=utf-8' }
  if (options.json !== undefined) return { body: JSON.stringify(options.json), type: 'application/json' }
  return {}
}

async function parse(response: Response): Promise<unknown> {
  const kind = response.headers.get('content-type') ?? ''
  if (response.status === 204) return null
  if (!kind.includes('json')) return response.text()
  return response.json()
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const { body, type } = bodyOf(options)
  const headers: Record<string, string> = { Accept: 'application/json, application/problem+json, */*;q=0.5' }
  if (type) headers['Content-Type'] = type
  try {
    return await fetch(withQuery(path, options.query), {
      method,
      headers,
      body: body ?? null,
      credentials: 'same-origin',
      signal: options.signal ?? null,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw problemOf(error)
  }
}

/** One call of the API. Throws ApiProblem for every answer that is not 2xx and for a lost network. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options)
  const body = await parse(response).catch(() => null)
  if (response.ok) return body as T
  if (response.status === 401 && path !== '/api/session') onUnauthorised()
  throw toProblem(response.status, body)
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) })
export const post = <T>(path: string, json?: unknown): Promise<T> => request<T>('POST', path, { json: json ?? {} })
