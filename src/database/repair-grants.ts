import type { Client } from 'pg';
import { runStatement } from './direct-connection.js';
import { driverErrorFacts } from './driver-errors.js';
import { defaultTableGrants } from './roles.queries.js';

/** A statement of a migration that says who may do what. */
export function isGrant(statement: string): boolean {
  return /^(?:\s|--[^\n]*\n)*(?:grant|revoke)\s/i.test(statement);
}

/**
 * Gives application and read-only role exactly what the migrations gave them: the default grants on every table, then the
 * exceptions, in the order in which they were made. Nobody sees a moment in between.
 *
 * **Shape**: `grants` are the statements of all applied migrations that {@link isGrant} picks; the client acts as the owner.
 */
export async function repairGrants(client: Client, grants: readonly string[]): Promise<void> {
  await client.query('begin');
  await runStatement(client, defaultTableGrants());
  for (const grant of grants) {
    await client.query('savepoint before_grant');
    try {
      await client.query(grant);
    } catch (error) {
      if (!isGone(error)) throw error;
      await client.query('rollback to savepoint before_grant');
    }
  }
  await client.query('commit');
}

/** The table, column or function was dropped by a later migration. */
function isGone(error: unknown): boolean {
  const { code } = driverErrorFacts(error);
  return code === '42P01' || code === '42703' || code === '42883';
}
