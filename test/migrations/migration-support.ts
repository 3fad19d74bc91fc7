import { entities } from '../../mikro-orm.config.js';
import { schemaDump } from '../../scripts/schema-dump.js';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { loadSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { migrationNames, migrationNumber } from '../../src/database/migration-files.js';
import { rolesScript } from '../../src/database/roles.queries.js';
import { SchemaMigrator } from '../../src/database/schema-migrator.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** The numbers of all migrations, in order. */
export const NUMBERS = migrationNames().map(migrationNumber);

/** A database as it is handed to the first migration: roles and grants, no table. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const db = await createTestDatabase('empty');
  // Copies of a database do not take the grants on the database itself along.
  await execute(db.superuser, rolesScript());
  return db;
}

/** Migrates as `stockroom db migrate` does, as the owner's login user. */
export function migratorOf(db: TestDatabase): SchemaMigrator {
  return new SchemaMigrator(loadSettings({}), db.owner, entities);
}

/** The schema as text; equal exactly when the schemas are. */
export async function dumpOf(db: TestDatabase): Promise<string> {
  return withConnection(db.owner, schemaDump);
}

/** Rows of one statement, as arrays. Several statements in one text are run as well; they give no rows. */
export async function execute(
  connection: ConnectionSettings,
  text: string,
): Promise<readonly (readonly unknown[])[]> {
  return withConnection(connection, async (client) => {
    const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
    return rows;
  });
}
