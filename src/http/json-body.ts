import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';

/** Marks a route, in its Fastify config, as one whose JSON numbers arrive as text. */
export interface ExactRouteConfig {
  readonly exactNumbers?: boolean;
}

/**
 * Reads JSON bodies: strictly UTF-8, where the framework would put U+FFFD for what is not; and for routes that take prices
 * with every number as its own text, where `JSON.parse` alone would round it to a binary float before anyone could look.
 */
export function acceptJson(fastify: FastifyInstance): void {
  const readPlain = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8(body as Buffer)) return done(notJson());
    const text = body.toString('utf8');
    const exact = (request.routeOptions.config as ExactRouteConfig).exactNumbers === true;
    if (!exact) return readPlain(request, text, done);
    try {
      done(null, parseExact(text));
    } catch {
      done(notJson());
    }
  });
}

function notJson(): Error {
  return Object.assign(new Error('Body is not valid JSON'), { statusCode: 400 });
}

/** What `JSON.parse` gives, with every number as the text it was written as. **Errors**: `SyntaxError`. */
export function parseExact(text: string): unknown {
  const reviver = (_key: string, value: unknown, context: { source?: string }): unknown =>
    typeof value === 'number' ? context.source : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
