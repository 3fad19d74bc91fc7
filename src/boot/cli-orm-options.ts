import type { EntitySchema, Options } from '@mikro-orm/postgresql';
import { loadSettings, type ConnectionSettings } from '../config/settings.js';
import { DatabaseSetupError } from '../database/database.errors.js';
import { withConnection } from '../database/direct-connection.js';
import { ormOptions, ownerSession } from '../database/orm-options.js';
import { openDatabase } from './open-database.js';

/**
 * Options for the ORM's own command line: it acts as the owner, and holds the embedded database, if that is the one,
 * until the process has nothing left to do.
 */
export async function cliOrmOptions(entities: readonly EntitySchema[]): Promise<Options> {
  const database = await openDatabase(loadSettings(), { holder: 'command' });
  database.unref();
  process.once('beforeExit', () => void database.close());
  const { settings } = database;
  await refuseWrongNames(settings.database.migration);
  const options = ormOptions({ settings, connection: settings.database.migration, entities });
  return {
    ...options,
    replicas: [],
    driverOptions: {
      ...(options.driverOptions as object),
      options: ownerSession(settings.database.migration),
    },
    logger: (message) => process.stdout.write(`${message}\n`),
  };
}

/**
 * **Why**: whatever its options say, the ORM's migrator makes a database that is not there. A server that is away is left to the
 * commands that need one.
 */
async function refuseWrongNames(connection: ConnectionSettings): Promise<void> {
  try {
    await withConnection(connection, async () => undefined);
  } catch (error) {
    if (error instanceof DatabaseSetupError) throw error;
  }
}
