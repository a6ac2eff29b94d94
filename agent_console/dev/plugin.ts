import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Connect, Plugin } from 'vite'

import { FakeHub } from './fake'
import { routes } from './routes'
import { Sockets } from './sockets'

/** A hub in the memory of Vite's server, so that the pages can be worked on without one. Never part of a build. */
export function fakeHub(): Plugin {
  const attach = (middlewares: Connect.Server, server: { on(event: 'upgrade', act: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown } | null): void => {
    const hub = new FakeHub()
    const sockets = new Sockets(hub)
    middlewares.use((request, response, next) => void serve(hub, request, response).then((done) => done || next()))
    server?.on('upgrade', (request, socket, head) => request.url?.startsWith('/socket.io/') && sockets.upgrade(request, socket, head))
  }
  return {
    name: 'fake-hub',
    configureServer: (server) => attach(server.middlewares, server.httpServer as never),
    configurePreviewServer: (server) => {
      server.middlewares.use((_request, response, next) => (response.setHeader('Content-Security-Policy', CSP), next()))
      attach(server.middlewares, server.httpServer as never)
    },
  }
}

const CSP =
  "default-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; " +
  "connect-src 'self' ws:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'"

async function serve(hub: FakeHub, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  for (const [method, pattern, answer] of routes) {
    const found = request.method === method && pattern.exec(url.pathname)
    if (!found) continue
    await new Promise((resolve) => setTimeout(resolve, hub.latency))
    const result = await answer({ hub, query: url.searchParams, body: await bodyOf(request), path: found.slice(1), headers: request.headers })
    reply(response, result)
    return true
  }
  if (!url.pathname.startsWith('/api/')) return false
  reply(response, { status: 404, body: { code: 'not_found', status: 404, detail: `${request.method} ${url.pathname}` } })
  return true
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  if (request.headers['content-type']?.startsWith('application/octet-stream')) return bytes
  return bytes.length ? JSON.parse(bytes.toString()) : {}
}

export interface Reply {
  status?: number
  body?: unknown
  html?: string
  svg?: string
}

function reply(response: ServerResponse, { status = 200, body, html, svg }: Reply): void {
  response.statusCode = status
  response.setHeader('Content-Type', html !== undefined ? 'text/html; charset=utf-8' : svg !== undefined ? 'image/svg+xml' : 'application/json')
  if (html !== undefined) response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; img-src * data:")
  response.end(html ?? svg ?? (body === undefined ? '' : JSON.stringify(body)))
}
