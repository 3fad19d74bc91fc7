import type { Problem } from './schema.js';

/** A request that was refused: problem details (RFC 9457), as an error. */
export class StockroomError extends Error {
  readonly status: number;
  /** Never changes; docs/errors.md has all of them. Decide by this one, and show {@link Error.message} to people. */
  readonly code: string;

  constructor(
    readonly problem: Problem,
    /** When it makes sense to try again. **Units**: seconds; null where the service says nothing. */
    readonly retryAfterSeconds: number | null,
  ) {
    super(problem.detail ?? problem.title);
    this.name = 'StockroomError';
    this.status = problem.status;
    this.code = problem.code;
  }
}

/** What openapi-fetch answers with: one of the two, beside the response. */
export interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** The body of an answer. **Errors**: `StockroomError` for every status that is no success. */
export async function ok<Data>(asked: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await asked;
  // A 204 has no body, and is a success all the same.
  if (response.ok) return data as Data;
  throw new StockroomError(problemOf(error, response), retryAfterSeconds(response));
}

/** **Units**: seconds; null without the header. The service always says seconds, never a date. */
export function retryAfterSeconds(response: Response): number | null {
  const text = response.headers.get('retry-after');
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** **Why** not always what came: a proxy in between answers with pages of its own. */
function problemOf(error: unknown, response: Response): Problem {
  if (typeof error === 'object' && error !== null && 'code' in error) return error as Problem;
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: `Answered ${response.status} by something in front of the service.`,
    instance: response.headers.get('x-request-id') ?? '',
    code: 'not-from-the-service',
  };
}
