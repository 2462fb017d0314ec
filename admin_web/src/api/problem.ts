/** An RFC 9457 problem document as an error; `message` is the Chinese text meant for people. */
export class ApiProblem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string = 'unknown',
    readonly field: string | null = null,
    readonly retryable: boolean = false,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'ApiProblem'
  }
}

const FALLBACK: Record<number, string> = {
  0: '连不上服务器，请检查网络后重试。',
  401: '登录已失效，请重新登录。',
  403: '您的账号没有此项权限，请联系管理员。',
  404: '没有找到，可能已被删除。',
  409: '内容已被他人修改，请刷新后再试。',
  413: '文件太大，请拆分后再上传。',
  422: '填写的内容有误，请检查后再提交。',
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null
}

/** Reads a problem document, or makes an honest sentence of the status when there is none. */
export function toProblem(status: number, body: unknown): ApiProblem {
  const doc = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const message = text(doc.detail) ?? text(doc.title) ?? FALLBACK[status] ?? `服务器暂时无法处理（${status}），请稍后重试。`
  return new ApiProblem(
    message,
    status,
    text(doc.code) ?? 'unknown',
    text(doc.field),
    doc.retryable === true || status >= 500 || status === 0,
    doc,
  )
}

export function problemOf(error: unknown): ApiProblem {
  return error instanceof ApiProblem ? error : toProblem(0, null)
}
