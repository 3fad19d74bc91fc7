import { FastifyAdapter } from '@nestjs/platform-fastify';
import { v7 as uuidv7 } from 'uuid';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../config/settings.js';
import { problem } from './problem-details.js';
import { requestIdOf } from './request-id.js';

// Node's defaults are 60 s for headers and 300 s for a whole request. Headers are small; a body has its own clock.
const HEADERS_TIMEOUT_MS = 10_000;
const CONNECTIONS_CHECK_MS = 2_000;
const KEEP_ALIVE_MS = 72_000;

/** What every other answer carries by hooks, which have not run yet where these errors arise. */
const EARLY_HEADERS = {
  'content-type': 'application/problem+json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
} as const;

/**
 * The HTTP server. **Why** no `requestTimeout`: an upload may take as long as it moves; each body has an idle limit
 * instead (see `body-timeout.hook.ts` and the import's spool).
 */
export function fastifyAdapter(settings: Settings): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: settings.http.bodyLimitBytes,
    trustProxy: settings.http.trustedProxies.length > 0 ? [...settings.http.trustedProxies] : false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    // What still arrives on an open connection while the service stops is answered, not turned away; the answer closes it.
    return503OnClosing: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 0,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      // Asked for by a hook, whose refusal looks like all others.
      requireHostHeader: false,
    },
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 300 },
    // Errors so early that no route, hook or filter has seen the request.
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const status = error.statusCode ?? 400;
      const document = problem({
        status,
        code: 'malformed-request',
        detail: 'The address could not be read.',
        instance: request.id,
      });
      const headers = { ...EARLY_HEADERS, 'x-request-id': request.id };
      void reply.code(status).headers(headers).send(JSON.stringify(document));
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
      const [status, line, code] = clientErrorStatus(error.code);
      const detail = 'The request is not valid HTTP, or too large.';
      const id = uuidv7();
      const body = JSON.stringify(problem({ status, code, detail, instance: id }));
      const headers = { ...EARLY_HEADERS, 'x-request-id': id, 'content-length': Buffer.byteLength(body) };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${line}\r\n${lines.join('')}connection: close\r\n\r\n${body}`);
    },
  });
}

function clientErrorStatus(code: string | undefined): [number, string, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, '431 Request Header Fields Too Large', 'headers-too-large'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, '408 Request Timeout', 'request-timeout'];
    default:
      return [400, '400 Bad Request', 'malformed-request'];
  }
}
