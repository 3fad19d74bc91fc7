import type { FastifyRequest } from 'fastify';
import { DomainError } from '../common/errors.js';
import { isStorable } from '../common/text.js';

const MAX_DEPTH = 32;

/** Text with U+0000 or half a surrogate pair, which neither PostgreSQL nor JSON can carry. */
export class UnstorableText extends DomainError {
  constructor(path: string) {
    super('invalid', 'unstorable-text', 'The request contains U+0000 or a lone surrogate.', {
      errors: [{ path, message: 'must be well-formed text without U+0000' }],
    });
  }
}

/** A query whose percent signs do not stand for UTF-8. */
export class MalformedQuery extends DomainError {
  constructor() {
    super('invalid', 'malformed-request', 'The query is not percent-encoded UTF-8.');
  }
}

/** A body nested deeper than anything that this service takes. */
export class BodyTooDeep extends DomainError {
  constructor() {
    super('invalid', 'body-too-deep', `The body is nested more than ${MAX_DEPTH} levels deep.`);
  }
}

/**
 * Refuses text that could only fail later, in one place for every route: in the path, the query and a parsed body.
 *
 * **Errors**: `UnstorableText`, `BodyTooDeep`, `MalformedQuery`.
 */
export async function refuseUnstorableText(request: FastifyRequest): Promise<void> {
  if (!isDecodable(request.url)) throw new MalformedQuery();
  check(request.params, 'path', 0);
  check(request.query, 'query', 0);
  if (isPlain(request.body)) check(request.body, 'body', 0);
}

/** The router checks the path; a query it cannot decode it takes as it stands. */
function isDecodable(url: string): boolean {
  const query = url.indexOf('?');
  if (query === -1 || !url.includes('%', query)) return true;
  try {
    decodeURIComponent(url.slice(query + 1));
    return true;
  } catch {
    return false;
  }
}

/** Streams and buffers are uploads; what they hold is checked row by row. */
function isPlain(body: unknown): boolean {
  return typeof body === 'string' || Array.isArray(body) || isObject(body);
}

function isObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.getPrototypeOf(body) === Object.prototype;
}

function check(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string') {
    if (!isStorable(value)) throw new UnstorableText(path);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw new BodyTooDeep();
  for (const [key, member] of Object.entries(value)) {
    if (!isStorable(key)) throw new UnstorableText(path);
    check(member, `${path}.${key}`, depth + 1);
  }
}
