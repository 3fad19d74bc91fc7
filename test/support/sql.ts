import type { QueryResultRow } from 'pg';
import { withConnection } from '../../src/database/direct-connection.js';
import type { TestDatabase } from './test-database.js';

/** Rows of one statement as the tables' owner, for what no route does: moving clocks, looking at what is stored. */
export async function asOwner<R extends QueryResultRow>(
  db: TestDatabase,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly R[]> {
  return withConnection(db.owner, async (client) => (await client.query<R>(sql, [...values])).rows);
}
