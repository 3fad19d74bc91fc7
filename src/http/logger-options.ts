import type { IncomingMessage } from 'node:http';
import type { Params } from 'nestjs-pino';
import { destination, levels, stdSerializers } from 'pino';
import type { Settings } from '../config/settings.js';
import { loggableDatabaseError } from '../database/loggable-error.js';
import { withOwnMessage } from './log-message.js';
import { requestIdOf } from './request-id.js';
import { withoutSecrets } from './without-secrets.js';

/** Some twenty lines of requests. **Units**: bytes. */
const GATHER_BYTES = 4_096;
/** How long a line waits for company at most. **Units**: milliseconds. */
const GATHER_MS = 100;
/** The number of the level `warn`. */
const WARNING = levels.values['warn'] ?? 40;

const PROBES = new Set(['/livez', '/readyz', '/startupz', '/metrics']);

/** What is logged of a request, an answer, an error. */
const SERIALIZERS = {
  req: (request: { id: string; method: string; url: string }) => ({
    id: request.id,
    method: request.method,
    path: request.url.split('?', 1)[0],
  }),
  res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
  err: (error: Error) => withoutSecrets({ ...(loggableDatabaseError(error) ?? stdSerializers.err(error)) }),
};

/**
 * One JSON object a line; readable text on a terminal. Every line of a request carries its id.
 *
 * **Why** query strings stay out: they may hold what somebody searched for. **Why** lines are gathered, and written behind the event
 * loop's back: writing each by itself took 9 % of a short request. What is gathered goes out with the next warning or error, after
 * {@link GATHER_MS}, and when the process ends; one that is killed loses no more than that.
 */
export function loggerOptions({ log }: Settings): Params {
  const pretty = log.format === 'pretty' || (log.format === 'auto' && process.stdout.isTTY);
  const lines = pretty
    ? null
    : destination({ sync: false, minLength: GATHER_BYTES, periodicFlush: GATHER_MS });
  return {
    // The package's own pattern matches nothing under this router, silently.
    forRoutes: ['{*all}'],
    pinoHttp: {
      level: log.level,
      ...(lines === null
        ? { transport: { target: 'pino-pretty', options: { singleLine: true, ignore: 'pid,hostname' } } }
        : { stream: lines }),
      formatters: { log: withoutSecrets },
      genReqId: (request) => request.id ?? requestIdOf(request),
      serializers: SERIALIZERS,
      hooks: {
        logMethod(args, method, level) {
          method.apply(this, withOwnMessage(args) as typeof args);
          if (level >= WARNING) lines?.flush();
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
