import type { Problem } from './types'

/** What went wrong, in the hub's words: RFC 9457. `code` is stable; `offline` means that no answer came at all. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title || problem.code)
    this.name = 'ApiError'
  }

  get code(): string {
    return this.problem.code
  }

  get status(): number {
    return this.problem.status
  }

  /** The message for one field of a form, by its path in the body. */
  field(path: string): string | undefined {
    return this.problem.errors?.find((error) => error.path.replace(/^[$/.]+/, '') === path)?.message
  }
}

type Query = Record<string, string | number | boolean | null | undefined>

export interface CallOptions {
  query?: Query
  body?: unknown
  signal?: AbortSignal
}

const BASE = '/api/v1'
let csrfToken = ''
let onSignedOut: () => void = () => {}

export function useCsrfToken(token: string): void {
  csrfToken = token
}

/** Called once for every answer that says the session is over. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act
}

export function address(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return BASE + path + (text ? '?' + text : '')
}

/** One request; raises `ApiError` for every answer outside 2xx and for none at all. */
export async function call<T>(method: string, path: string, { query, body, signal }: CallOptions = {}): Promise<T> {
  const response = await answer(address(path, query), {
    method,
    headers: headers(method, body !== undefined),
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  })
  if (!response.ok) throw await failure(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { credentials: 'same-origin', ...init })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError({ status: 0, code: 'offline' })
  }
}

function headers(method: string, hasBody: boolean): Record<string, string> {
  return {
    Accept: 'application/json',
    ...(hasBody && { 'Content-Type': 'application/json' }),
    ...(method !== 'GET' && { 'X-CSRF-Token': csrfToken }),
  }
}

async function failure(response: Response): Promise<ApiError> {
  const problem = await response.json().catch(() => ({}))
  if (response.status === 401) onSignedOut()
  return new ApiError({ code: 'unexpected', ...problem, status: response.status })
}

/** Sends one file with progress (0 to 1). `fetch` cannot report progress of what it sends, so this is an XMLHttpRequest. */
export function sendFile<T>(path: string, file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', BASE + path)
    request.setRequestHeader('X-CSRF-Token', csrfToken)
    request.upload.onprogress = (event) => onProgress(event.total ? event.loaded / event.total : 0)
    request.onerror = () => reject(new ApiError({ status: 0, code: 'offline' }))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) resolve(body as T)
      else reject(new ApiError({ code: 'unexpected', ...(body as object), status: request.status }))
    }
    signal.addEventListener('abort', () => request.abort())
    const form = new FormData()
    form.append('file', file, file.name)
    request.send(form)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
