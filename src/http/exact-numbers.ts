import type { FastifyInstance } from 'fastify';
import { NOT_ACCEPTED } from './upload-types.js';

/** The media type under which a JSON body reaches a route that needs its numbers as they were written. Never on the wire. */
const EXACT_JSON = 'application/x-stockroom-exact-json';

/** Marks a route, in its Fastify config, as one whose JSON numbers arrive as text. */
export interface ExactRouteConfig {
  readonly exactNumbers?: boolean;
}

/**
 * Gives routes that take prices the text of every number: `JSON.parse` alone would round it to a binary float before anyone
 * could look.
 */
export function acceptExactNumbers(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(EXACT_JSON, { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseExact(String(body)));
    } catch {
      done(Object.assign(new Error('Body is not valid JSON'), { statusCode: 400 }));
    }
  });
  fastify.addHook('onRequest', async (request) => {
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    const exact = (request.routeOptions.config as ExactRouteConfig).exactNumbers === true;
    if (exact && type === 'application/json') request.headers['content-type'] = EXACT_JSON;
    if (type === EXACT_JSON) request.headers['content-type'] = NOT_ACCEPTED;
  });
}

/** What `JSON.parse` gives, with every number as the text it was written as. **Errors**: `SyntaxError`. */
export function parseExact(text: string): unknown {
  const reviver = (_key: string, value: unknown, context: { source?: string }): unknown =>
    typeof value === 'number' ? context.source : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
