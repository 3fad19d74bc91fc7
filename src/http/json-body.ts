import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';

/** Names, in a route's Fastify config, the members whose JSON numbers arrive as text. */
export interface ExactRouteConfig {
  readonly exactNumbers?: readonly string[];
}

/**
 * Reads JSON bodies: strictly UTF-8, where the framework would put U+FFFD for what is not; and for routes that take prices
 * with the numbers as their own text, where `JSON.parse` alone would round it to a binary float before anyone could look.
 */
export function acceptJson(fastify: FastifyInstance): void {
  const readPlain = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8(body as Buffer)) return done(notJson());
    const text = body.toString('utf8');
    const { exactNumbers } = request.routeOptions.config as ExactRouteConfig;
    if (exactNumbers === undefined) return readPlain(request, text, done);
    try {
      done(null, parseExact(text, exactNumbers));
    } catch {
      done(notJson());
    }
  });
}

function notJson(): Error {
  return Object.assign(new Error('Body is not valid JSON'), { statusCode: 400 });
}

/**
 * What `JSON.parse` gives, with the numbers of some members as the text they were written as. **Errors**: `SyntaxError`, also
 * for `__proto__`, as the framework's own parser has it.
 */
export function parseExact(text: string, members: readonly string[]): unknown {
  const reviver = (key: string, value: unknown, context: { source?: string }): unknown => {
    if (key === '__proto__') throw new SyntaxError('__proto__ is no member');
    return typeof value === 'number' && members.includes(key) ? context.source : value;
  };
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
