import type { EntityManager } from '@mikro-orm/postgresql';
import type { Client } from 'pg';
import type { Settings } from '../../config/settings.js';
import { DatabaseSetupError } from '../../database/database.errors.js';
import { runStatement, withConnection } from '../../database/direct-connection.js';
import { ownerSession } from '../../database/orm-options.js';
import { encryptedProperties } from '../../encryption/encrypted.type.js';
import { RotationRefused } from '../keys.errors.js';
import { tryRotationLock, type EncryptedTable } from '../rotation.queries.js';

/**
 * Runs `work` as the owner of the tables, whose policy shows every person's rows; the application's shows none.
 *
 * **Errors**: `DatabaseSetupError` without the owner's connection.
 */
export async function asOwner<T>(settings: Settings, work: (owner: Client) => Promise<T>): Promise<T> {
  const connection = settings.database.migration;
  if (connection === null)
    throw new DatabaseSetupError('Keys are rotated with the connection of DATABASE_MIGRATION_URL.');
  return withConnection(connection, work, { options: ownerSession(connection) });
}

/** As {@link asOwner}, one at a time. **Errors**: `RotationRefused` while another one works. */
export async function asOnlyOwner<T>(settings: Settings, work: (owner: Client) => Promise<T>): Promise<T> {
  return asOwner(settings, async (owner) => {
    const [turn] = await runStatement(owner, tryRotationLock());
    if (turn?.[0] !== true) throw new RotationRefused('Another rotation or retirement of keys is at work.');
    return work(owner);
  });
}

/** Runs `work` in one transaction of the owner's connection; what it throws undoes it. */
export async function inTransaction<T>(owner: Client, work: () => Promise<T>): Promise<T> {
  await owner.query('begin');
  try {
    const result = await work();
    await owner.query('commit');
    return result;
  } catch (error) {
    await owner.query('rollback');
    throw error;
  }
}

/** Every table with encrypted columns, as the entities say. */
export function encryptedTables(em: EntityManager): readonly EncryptedTable[] {
  return [...em.getMetadata().getAll().values()].flatMap((meta) => {
    const columns = encryptedProperties(meta).map(({ column }) => column);
    return columns.length > 0 ? [{ table: meta.tableName, columns }] : [];
  });
}
