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

/** How many connections to this database wait for a lock. Not by their wait events: those of other roles are not shown. */
export async function waitingForLocks(db: TestDatabase): Promise<number> {
  const [row] = await asOwner<{ count: number }>(
    db,
    `select count(distinct pid)::int as count from pg_locks l join pg_stat_activity a using (pid)
     where not l.granted and a.datname = current_database()`,
  );
  return row?.count ?? 0;
}
