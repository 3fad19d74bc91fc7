import type { Client } from 'pg';
import type { ConnectionSettings } from '../config/settings.js';
import { runStatement, withConnection } from './direct-connection.js';
import { existingTables, measuringLimits, tableLocks } from './migration-locks.queries.js';
import { ownerSession } from './orm-options.js';
import type { PendingSql } from './schema-migrator.js';

/** A statement of a migration, and what it locked that it had not locked before. */
export interface MeasuredStatement {
  readonly text: string;
  /** **Shape**: `users ACCESS EXCLUSIVE`; null when it cannot run inside a transaction, and so cannot be tried. */
  readonly locks: readonly string[] | null;
}

/** One pending migration with the locks of its statements. */
export interface MeasuredMigration extends Omit<PendingSql, 'statements'> {
  readonly statements: readonly MeasuredStatement[];
}

/**
 * Finds out which tables that exist already the pending migrations lock, and how: runs them in one transaction, looks after each
 * statement what is held, and rolls everything back.
 *
 * **Why** not read from the statement: what `add constraint … references` or a default does depends on the version of the server and
 * on what is there. **Why** with short limits: while it is tried, the locks are held; see {@link measuringLimits}.
 * **Errors**: those of the statements, as a migration would have them.
 */
export async function measureLocks(
  connection: ConnectionSettings,
  pending: readonly PendingSql[],
): Promise<readonly MeasuredMigration[]> {
  return withConnection({ ...connection, options: ownerSession(connection) }, async (client) => {
    await client.query('begin');
    for (const limit of measuringLimits()) await runStatement(client, limit);
    const known = (await runStatement(client, existingTables())).map(([oid]) => Number(oid));
    const held = new Set<string>();
    const measured: MeasuredMigration[] = [];
    for (const migration of pending) {
      const statements: MeasuredStatement[] = [];
      for (const text of migration.statements) {
        if (!migration.transactional) statements.push({ text, locks: null });
        else statements.push({ text, locks: await newLocks(client, { text, known, held }) });
      }
      measured.push({ ...migration, statements });
    }
    await client.query('rollback');
    return measured;
  });
}

async function newLocks(
  client: Client,
  { text, known, held }: { text: string; known: readonly number[]; held: Set<string> },
): Promise<readonly string[]> {
  await client.query(text);
  const locks = (await runStatement(client, tableLocks(known))).map((row) => row.map(String).join(' '));
  const taken = locks.filter((lock) => !held.has(lock));
  for (const lock of taken) held.add(lock);
  return taken;
}
