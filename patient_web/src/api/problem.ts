/** A refusal of the API, or a lost network (status 0). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null,
    readonly retryable: boolean,
  ) {
    super(message)
  }
}

const OFFLINE = '网络不太通畅，请检查网络后再试'
const FAILED = '没有成功，请稍后再试'

export const offline = (): ApiProblem => new ApiProblem(0, 'offline', OFFLINE, null, true)

/** Reads a problem document (RFC 9457); anything else becomes a plain sentence. */
export function toProblem(status: number, body: unknown): ApiProblem {
  const document = (body ?? {}) as Partial<{ code: string; title: string; detail: string; field: string | null; retryable: boolean }>
  const message = document.detail ?? document.title ?? FAILED
  return new ApiProblem(status, document.code ?? `http_${status}`, message, document.field ?? null, document.retryable ?? status >= 500)
}

export const problemOf = (error: unknown): ApiProblem => (error instanceof ApiProblem ? error : offline())
