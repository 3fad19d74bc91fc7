import { actingAs } from './own-rows.queries.js';
import type { RowOwner } from './own-rows.js';
import type { Statement } from './statement.js';

/** A read of what `owner` may see that the server ends by itself. **Units**: milliseconds. */
export interface LimitedRead {
  readonly owner: RowOwner;
  readonly statement: Statement;
  readonly withinMs: number;
}

/** What of {@link limitedRead} has the rows. */
export const READ_AT = 2;

/**
 * A transaction whose third statement is the read; to be sent in one go.
 *
 * **Why** a transaction: a limit that is set by the statement itself counts from the next one on, and one of the session would still
 * be there for whoever gets the connection.
 */
export function limitedRead({ owner, statement, withinMs }: LimitedRead): readonly Statement[] {
  const limit = `select set_config('statement_timeout', $1, true)`;
  return [
    { name: 'limited_read_begin', text: 'begin read only', values: [], prepared: false },
    { name: 'limited_read_limit', text: limit, values: [`${withinMs}ms`] },
    actingAs(owner, statement),
    { name: 'limited_read_end', text: 'commit', values: [], prepared: false },
  ];
}
