import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { entities } from '../mikro-orm.config.js';
import { openDatabase } from '../src/boot/open-database.js';
import { loadSettings } from '../src/config/settings.js';
import { withConnection } from '../src/database/direct-connection.js';
import { SchemaMigrator } from '../src/database/schema-migrator.js';
import { RIGHTS, ROLES } from './rights-catalog.js';
import { SHAPE, UNPRINTABLE } from './schema-catalog.js';

/** Where the dump stands, and how it gets there: the test that compares them prints both. */
export const DUMP_FILE = 'test/schema.sql';
export const DUMP_COMMAND = 'npm run schema:dump';

const HEADER = `-- The schema as the migrations make it, with owners and grants. Generated; do not edit.
-- Run: ${DUMP_COMMAND}
`;

/**
 * The schema of a database as SQL in a fixed order: the same text from every server from PostgreSQL 15 on, and enough to
 * make the same schema again where the roles exist.
 *
 * **Errors**: when the schema holds something that would be left out, so that the dump is whole or not there.
 * **Why** not pg_dump: the embedded server brings none, and its text differs between versions.
 */
export async function schemaDump(client: Client): Promise<string> {
  await client.query('begin isolation level repeatable read read only');
  try {
    return await dumpInTransaction(client);
  } finally {
    await client.query('rollback');
  }
}

/** The same of a transaction that is open, with what it has changed so far. Sets parameters of that transaction. */
export async function dumpInTransaction(client: Client): Promise<string> {
  // With no search path every name is written with its schema; constants with a time zone are written in the session's.
  await client.query(
    `set local search_path = ''; set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'`,
  );
  const left = await column(client, UNPRINTABLE);
  if (left.length > 0)
    throw new Error(`the schema dump cannot print: ${left.join('; ')}. Teach scripts/schema-catalog.ts.`);
  const parts = [HEADER];
  for (const { title, query } of [ROLES, ...SHAPE, ...RIGHTS]) {
    const lines = await column(client, query);
    if (lines.length > 0) parts.push(`-- ${title}\n\n${lines.join('\n')}\n`);
  }
  return parts.join('\n');
}

async function column(client: Client, text: string): Promise<readonly string[]> {
  const { rows } = await client.query<[string]>({ text, rowMode: 'array' });
  return rows.map(([value]) => value);
}

/** Migrates a new embedded database and dumps it. */
async function dumpOfNewDatabase(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockroom-schema-'));
  try {
    const database = await openDatabase(loadSettings({ STOCKROOM_DATA_DIR: dataDir }), { holder: 'command' });
    try {
      const { migration } = database.settings.database;
      await new SchemaMigrator(database.settings, migration, entities).up();
      return await withConnection(migration, schemaDump);
    } finally {
      await database.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

if (import.meta.main) writeFileSync(new URL(`../${DUMP_FILE}`, import.meta.url), await dumpOfNewDatabase());
