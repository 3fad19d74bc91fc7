/**
 * Bodies that PostgreSQL has written already. A page of bars is 10 kB of text; parsing and printing it again would cost
 * more than the query.
 */

/** The media type of everything but errors, streams and CSV. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/** A list: items as JSON text each, and the cursor. */
export function listText(items: readonly string[], nextCursor: string | null): string {
  return `{"data":[${items.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;
}
