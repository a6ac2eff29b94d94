import createClient from 'openapi-fetch'

import { heardTime } from '../lib/clock'
import type { paths } from './schema'
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
    return this.problem.errors?.find((error) => error.path.replace(/^[$/.]+/, '').replaceAll('/', '.') === path)?.message
  }
}

let csrfToken = ''
let onSignedOut: () => void = () => {}

export function useCsrfToken(token: string): void {
  csrfToken = token
}

/** Called for every answer that says the session is over. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act
}

/** The typed client; every path, query and body is checked against the hub's OpenAPI document. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: guarded, querySerializer: asked })

/** Leaves out what is not asked for: fields of a filter nobody filled in. */
function asked(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
}

async function guarded(request: Request): Promise<Response> {
  if (request.method !== 'GET') request.headers.set('X-CSRF-Token', csrfToken)
  const askedAt = Date.now()
  try {
    const answer = await fetch(request)
    heardTime(answer.headers.get('Date'), askedAt)
    return answer
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError({ status: 0, code: 'offline' })
  }
}

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The result of a request; raises `ApiError` for every answer outside 2xx and for none at all. */
export async function done<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked
  if (response.ok) return data as T
  if (response.status === 401) onSignedOut()
  throw new ApiError({ code: 'unexpected', ...(error as object), status: response.status })
}

/** Sends one file with progress (0 to 1). `fetch` cannot report progress of what it sends, so this is an XMLHttpRequest. */
export function sendFile<T>(path: string, file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.setRequestHeader('X-CSRF-Token', csrfToken)
    request.setRequestHeader('X-Filename', encodeURIComponent(file.name || 'image.png'))
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.upload.onprogress = (event) => onProgress(event.total ? event.loaded / event.total : 0)
    request.onerror = () => reject(new ApiError({ status: 0, code: 'offline' }))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) resolve(body as T)
      else reject(new ApiError({ code: 'unexpected', ...(body as object), status: request.status }))
    }
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
