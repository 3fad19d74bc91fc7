import { withConnection } from '../database/direct-connection.js';
import { checkPooler } from '../database/pooler.js';
import { waitForDatabase } from '../database/wait-for-database.js';
import type { OpenDatabase } from './open-database.js';

/**
 * Looks, before a command begins, whether the connection that it needs can be used, and says what the start of the service would say.
 *
 * **Why** not left to the first statement: behind the pool a wrong password is trouble that passes, which is right for a service that
 * runs and leads astray whoever has just typed a URL.
 *
 * **Errors**: `DatabaseSetupError`.
 */
export async function requireUsable(
  { settings, superuser }: OpenDatabase,
  name: 'app' | 'migration',
  signal: AbortSignal,
): Promise<void> {
  // The embedded server was set up by this very process.
  if (superuser !== null) return;
  const { database } = settings;
  // A suspended server needs its time to wake up; every other one is there or is not.
  const seconds = database.serverless === null ? 0 : database.pool.acquireTimeoutMs / 1_000;
  await waitForDatabase(database[name], { seconds, signal });
  if (name === 'app') await withConnection(database.app, (client) => checkPooler(client, database));
}
