import type { IncomingMessage } from 'node:http';
import type { Params } from 'nestjs-pino';
import { destination, stdSerializers } from 'pino';
import type { Settings } from '../config/settings.js';
import { loggableDatabaseError } from '../database/loggable-error.js';
import { withOwnMessage } from './log-message.js';
import { requestIdOf } from './request-id.js';
import { withoutSecrets } from './without-secrets.js';

const PROBES = new Set(['/livez', '/readyz', '/startupz', '/metrics']);

/**
 * One JSON object a line; readable text on a terminal. Every line of a request carries its id.
 *
 * **Why** query strings stay out: they may hold what somebody searched for. **Why** lines are written behind the event loop's
 * back: writing each at once took 7 % of a short request. They are flushed when the process ends, unless it is killed.
 */
export function loggerOptions({ log }: Settings): Params {
  const pretty = log.format === 'pretty' || (log.format === 'auto' && process.stdout.isTTY);
  return {
    // The package's own pattern matches nothing under this router, silently.
    forRoutes: ['{*all}'],
    pinoHttp: {
      level: log.level,
      ...(pretty
        ? { transport: { target: 'pino-pretty', options: { singleLine: true, ignore: 'pid,hostname' } } }
        : { stream: destination({ sync: false }) }),
      formatters: { log: withoutSecrets },
      genReqId: (request) => request.id ?? requestIdOf(request),
      serializers: {
        req: (request: { id: string; method: string; url: string }) => ({
          id: request.id,
          method: request.method,
          path: request.url.split('?', 1)[0],
        }),
        res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
        err: (error: Error) =>
          withoutSecrets({ ...(loggableDatabaseError(error) ?? stdSerializers.err(error)) }),
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
