import type { IncomingMessage } from 'node:http';
import type { Params } from 'nestjs-pino';
import { stdSerializers } from 'pino';
import type { Settings } from '../config/settings.js';
import { loggableDatabaseError } from '../database/loggable-error.js';
import { withOwnMessage } from './log-message.js';
import { requestIdOf } from './request-id.js';

const PROBES = new Set(['/livez', '/readyz', '/startupz', '/metrics']);

/** Members that may hold a secret wherever they stand. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["x-session-id"]',
  'res.headers["set-cookie"]',
  '*.password',
  '*.passwordHash',
  '*.token',
  '*.secret',
  '*.apiKey',
  '*.accessToken',
  '*.refreshToken',
];

/**
 * One JSON object a line; readable text on a terminal. Every line of a request carries its id.
 *
 * **Why** query strings stay out: they may hold what somebody searched for.
 */
export function loggerOptions({ log }: Settings): Params {
  const pretty = log.format === 'pretty' || (log.format === 'auto' && process.stdout.isTTY);
  return {
    // The package's own pattern matches nothing under this router, silently.
    forRoutes: ['{*all}'],
    pinoHttp: {
      level: log.level,
      redact: { paths: REDACTED, censor: '[redacted]' },
      ...(pretty
        ? { transport: { target: 'pino-pretty', options: { singleLine: true, ignore: 'pid,hostname' } } }
        : {}),
      genReqId: (request) => request.id ?? requestIdOf(request),
      serializers: {
        req: (request: { id: string; method: string; url: string }) => ({
          id: request.id,
          method: request.method,
          path: request.url.split('?', 1)[0],
        }),
        res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
        err: (error: Error) => loggableDatabaseError(error) ?? stdSerializers.err(error),
      },
      hooks: {
        logMethod(args, method) {
          method.apply(this, withOwnMessage(args) as typeof args);
        },
      },
      customLogLevel: (_request, response, error) => {
        if (response.statusCode >= 500 || error !== undefined) return 'error';
        return response.statusCode >= 400 ? 'warn' : 'info';
      },
      // The error itself has a line of its own where it was caught; here it would only repeat the status.
      customErrorObject: (_request, _response, _error, line: Record<string, unknown>) => ({
        ...line,
        err: undefined,
      }),
      autoLogging: { ignore: (request) => PROBES.has(pathOf(request)) },
    },
  };
}

/** The path as it was asked for: the router shortens `url` for middleware, and keeps the whole beside it. */
function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? '').split('?', 1)[0] ?? '';
}
