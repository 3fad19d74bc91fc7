import { context, SpanKind, SpanStatusCode, trace, type Span, type Tracer } from '@opentelemetry/api';
import { Client } from 'pg';
import { driverErrorFacts } from '../database/driver-errors.js';
import { statementFacts } from './statement-facts.js';

type Query = (this: Client, ...args: unknown[]) => unknown;
type Callback = (error: unknown, result: unknown) => void;

/** The driver's method, as a thing that can be replaced: its types know it by a dozen ways to be called. */
const driver = Client.prototype as unknown as { query: Query };

/**
 * Makes a span of each statement that belongs to a request, whoever sends it: hand-written ones, those of the ORM, `begin` and `commit`.
 *
 * **Shape**: what puts the driver's own method back.
 * **Why** only inside of a request: what jobs and polls do by themselves would be traces of one statement each.
 */
export function traceStatements(tracer: Tracer, showText: (sql: string) => string): () => void {
  const { query } = driver;
  driver.query = function (this: Client, ...args: unknown[]): unknown {
    if (trace.getSpan(context.active()) === undefined) return query.apply(this, args);
    const { summary, text } = statementFacts(args[0], showText);
    const attributes = {
      'db.system.name': 'postgresql',
      'db.query.summary': summary,
      ...(text === undefined ? {} : { 'db.query.text': text }),
    };
    const span = tracer.startSpan(summary, { kind: SpanKind.CLIENT, attributes });
    return sent(span, args, () => query.apply(this, args));
  };
  return () => {
    driver.query = query;
  };
}

/** The driver answers by a promise, by a callback, or by events of what it was given: a stream of COPY. */
function sent(span: Span, args: unknown[], send: () => unknown): unknown {
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    args[args.length - 1] = (error: unknown, result: unknown): void => {
      end(span, error);
      (callback as Callback)(error, result);
    };
    return send();
  }
  const answer = send();
  if (answer instanceof Promise) {
    answer.then(
      () => end(span),
      (error: unknown) => end(span, error),
    );
  } else if (isEmitter(answer)) {
    answer.once('error', (error: unknown) => end(span, error));
    answer.once('close', () => end(span));
  } else end(span);
  return answer;
}

/** **Why** the code alone: messages of the server quote what was sent to it. */
function end(span: Span, error?: unknown): void {
  if (!span.isRecording()) return;
  if (error !== undefined && error !== null) {
    const { code = 'unknown' } = driverErrorFacts(error);
    span.setAttribute('db.response.status_code', code);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

function isEmitter(
  value: unknown,
): value is { once(event: string, listener: (value: unknown) => void): void } {
  return typeof value === 'object' && value !== null && 'once' in value && typeof value.once === 'function';
}
