import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { exactJson, isRawNumber } from '../common/json-text.js';

/** What a route's Fastify config says of numbers in a JSON body. All others arrive as numbers. */
export interface ExactRouteConfig {
  /** Members, wherever they stand, whose numbers arrive as text. */
  readonly exactNumbers?: readonly string[];
  /** Members of the body itself whose numbers, however deep, are kept as they were written: see `exactJson`. */
  readonly keptNumbers?: readonly string[];
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
    const { exactNumbers = [], keptNumbers = [] } = request.routeOptions.config as ExactRouteConfig;
    if (exactNumbers.length === 0 && keptNumbers.length === 0) return readPlain(request, text, done);
    try {
      done(
        null,
        keptNumbers.length === 0
          ? parseExact(text, exactNumbers)
          : parseKept(text, { exactNumbers, keptNumbers }),
      );
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

/** The same, but for numbers inside of some members of the body itself, which are kept as they were written. **Errors**: as {@link parseExact}. */
export function parseKept(text: string, config: Required<ExactRouteConfig>): unknown {
  const body = exactJson(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body) || isRawNumber(body))
    return settle(body, '', config, false);
  const members = Object.entries(body).map(([name, member]: [string, unknown]) => {
    requireMember(name);
    const kept = config.keptNumbers.includes(name) && !isRawNumber(member);
    return [name, settle(member, name, config, kept)];
  });
  return Object.fromEntries(members);
}

function settle(value: unknown, name: string, config: Required<ExactRouteConfig>, kept: boolean): unknown {
  if (isRawNumber(value)) {
    if (kept) return value;
    return config.exactNumbers.includes(name) ? value.rawJSON : Number(value.rawJSON);
  }
  if (Array.isArray(value)) return value.map((item: unknown) => settle(item, name, config, kept));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]: [string, unknown]) => {
    requireMember(key);
    return [key, settle(member, key, config, kept)];
  });
  return Object.fromEntries(members);
}

function requireMember(name: string): void {
  if (name === '__proto__') throw new SyntaxError('__proto__ is no member');
}
