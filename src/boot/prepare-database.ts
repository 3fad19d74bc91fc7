import type { EntitySchema } from '@mikro-orm/postgresql';
import type { Client } from 'pg';
import type { ConnectionSettings } from '../config/settings.js';
import { DatabaseSetupError } from '../database/database.errors.js';
import { runStatement, withConnection } from '../database/direct-connection.js';
import { driverErrorFacts } from '../database/driver-errors.js';
import { checkPooler } from '../database/pooler.js';
import { currentUserRights, missingRoles, rolesScript } from '../database/roles.queries.js';
import { unknownMigrations } from '../database/migration-files.js';
import { SchemaMigrator } from '../database/schema-migrator.js';
import { searchLanguages } from '../database/text-search.queries.js';
import { waitForDatabase } from '../database/wait-for-database.js';
import type { OpenDatabase } from './open-database.js';

export interface PrepareOptions {
  readonly entities: readonly EntitySchema[];
  readonly onStep: (step: string) => void;
  readonly onWarning: (warning: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Brings a database to where the service can use it: waits for it, and makes the roles and migrates if the migrating user
 * may.
 *
 * **Errors**: `DatabaseSetupError` for what waiting does not mend.
 */
export async function prepareDatabase(database: OpenDatabase, options: PrepareOptions): Promise<void> {
  const { settings } = database;
  const { app, migration, startupWaitSeconds, migrateOnStart } = settings.database;
  options.onStep('waiting for the database');
  const waiting = {
    seconds: startupWaitSeconds,
    onRetry: (reason: string, ms: number) =>
      options.onWarning(`the database does not answer (${reason}); next try in ${(ms / 1000).toFixed(1)} s`),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  if (migrateOnStart) {
    await waitForDatabase(migration, waiting);
    await ensureRoles(database);
    if (await mayMigrate(migration)) {
      const migrator = new SchemaMigrator(settings, migration, options.entities);
      const newer = unknownMigrations((await migrator.status()).map(({ name }) => name)).at(-1);
      if (newer === undefined) {
        options.onStep('migrating');
        const applied = await migrator.up();
        if (applied.length > 0) options.onStep(`migrated: ${applied.join(', ')}`);
      } else {
        // The release before must be able to start while the next one rolls out.
        options.onWarning(
          `the database is newer than this build: it was migrated to ${newer}. This release goes on beside the next one; bring up that one`,
        );
      }
    }
  }
  await waitForDatabase(app, waiting);
  await warnAboutRights(database, options.onWarning);
  await requireSearchLanguage(database);
}

/** Messages are stored under it, so a language that is not there would refuse each of them. **Errors**: `DatabaseSetupError`. */
async function requireSearchLanguage({ settings }: OpenDatabase): Promise<void> {
  const { searchLanguage } = settings.history;
  await withConnection(settings.database.app, async (client) => {
    const known = (await runStatement(client, searchLanguages())).map(([name]) => String(name));
    if (known.includes(searchLanguage)) return;
    throw new DatabaseSetupError(
      `STOCKROOM_SEARCH_LANGUAGE is "${searchLanguage}", and this PostgreSQL has: ${known.join(', ')}.`,
    );
  });
}

/** A service that only has the application's user leaves migrating to whoever has the owner's. */
async function mayMigrate(connection: ConnectionSettings): Promise<boolean> {
  return withConnection(connection, async (client) => {
    const [rights] = await runStatement(client, currentUserRights());
    return rights?.[2] === true || rights?.[0] === true;
  });
}

/** Makes the roles where they are missing and the migrating user may make them. **Errors**: `DatabaseSetupError`. */
export async function ensureRoles({ settings, superuser }: OpenDatabase): Promise<void> {
  const connection = superuser ?? settings.database.migration;
  await withConnection(connection, async (client) => {
    if ((await runStatement(client, missingRoles())).length > 0) await createRoles(client, connection.user);
  });
}

/** Makes or repairs the roles. **Errors**: `DatabaseSetupError` when `user`, whose connection it is, may not. */
export async function createRoles(client: Client, user: string): Promise<void> {
  try {
    await client.query(rolesScript());
  } catch (error) {
    if (driverErrorFacts(error).code !== '42501') throw error;
    throw new DatabaseSetupError(
      `"${user}" may not create the roles. Run "stockroom db roles" once as a user that may, then start again.`,
      { cause: error },
    );
  }
}

/** The service should not be able to do more than it needs; where it is, say so. */
async function warnAboutRights(database: OpenDatabase, warn: (warning: string) => void): Promise<void> {
  const { app } = database.settings.database;
  await withConnection(app, async (client) => {
    const pooled = await checkPooler(client, database.settings.database);
    if (pooled !== null) warn(pooled);
    const [rights] = await runStatement(client, currentUserRights());
    const [superuser, bypassesRls, owner, isApp] = rights ?? [];
    if (superuser === true || bypassesRls === true || owner === true) {
      warn(
        `the service is connected as "${app.user}", which may do more than it needs; give DATABASE_URL a user that is only in role stockroom_app`,
      );
    } else if (isApp !== true) {
      throw new DatabaseSetupError(
        `"${app.user}" may not use the tables. Run: grant stockroom_app to "${app.user}"`,
      );
    }
  });
}
