import { join } from 'node:path';
import { rolesScript } from '../../../src/database/roles.queries.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import type { ConnectionSettings } from '../../../src/config/settings.js';
import { run, type ProgramResult } from './programs.js';

export const ROOT = join(import.meta.dirname, '../../..');

/** A database of the service: how its logins reach it, and the keys of its secrets. */
export interface Store {
  readonly app: string;
  readonly owner: string;
  readonly keys: string;
}

/** The environment of the service and of its commands. */
export function storeVariables(store: Store): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: store.app,
    DATABASE_MIGRATION_URL: store.owner,
    DATABASE_MIGRATE_ON_START: 'false',
    ENCRYPTION_KEYS: store.keys,
    // All that is written here comes from one address.
    STOCKROOM_REQUEST_QUOTAS_ENABLED: 'false',
  };
}

/** `stockroom <args>` as an operator types it, to its end. */
export async function stockroom(store: Store, ...args: readonly string[]): Promise<ProgramResult> {
  const env = storeVariables(store);
  return run(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), ...args], { env, cwd: ROOT });
}

/** The same; it must end with 0. **Shape**: its standard output. */
export async function mustStockroom(store: Store, ...args: readonly string[]): Promise<string> {
  const { status, stdout, output } = await stockroom(store, ...args);
  if (status !== 0) throw new Error(`stockroom ${args.join(' ')} ended with ${status}:\n${output}`);
  return stdout;
}

/** Roles and logins, as docs/operations.md has them. Every login has the password `any`. */
export async function makeLogins(superuser: ConnectionSettings): Promise<void> {
  await withConnection(superuser, async (client) => {
    await client.query(rolesScript());
    for (const [login, group] of [
      ['stockroom_migrator', 'stockroom_owner'],
      ['stockroom_service', 'stockroom_app'],
    ])
      await client.query(`create role ${login} login password 'any' in role ${group}`);
  });
}
