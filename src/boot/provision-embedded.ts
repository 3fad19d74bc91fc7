import type { Client } from 'pg';
import type { ConnectionSettings } from '../config/settings.js';
import { runStatement, withConnection } from '../database/direct-connection.js';
import {
  APP_ROLE,
  createDatabase,
  databaseExists,
  lockProvisioning,
  loginUsersExist,
  OWNER_ROLE,
  READONLY_ROLE,
  rolesScript,
  upsertLoginUser,
} from '../database/roles.queries.js';
import type { DataDirectorySecrets } from './data-directory-secrets.js';

export const EMBEDDED_DATABASE = 'stockroom';

/** Login users of the embedded database, one per group role. */
export const EMBEDDED_LOGINS = {
  owner: 'stockroom_migrator',
  app: 'stockroom_service',
  readonly: 'stockroom_reporter',
} as const;

/**
 * Makes database, roles and login users of the embedded server, so that it runs with no more rights than an external one
 * would. Does nothing when all is there; processes that start at once take turns.
 */
export async function provisionEmbedded(
  maintenance: ConnectionSettings,
  secrets: DataDirectorySecrets,
): Promise<void> {
  await withConnection(maintenance, async (client) => {
    await runStatement(client, lockProvisioning());
    const [database] = await runStatement(client, databaseExists(EMBEDDED_DATABASE));
    if (database === undefined) await client.query(createDatabase(EMBEDDED_DATABASE));
    const [users] = await runStatement(client, loginUsersExist(Object.values(EMBEDDED_LOGINS)));
    if (users?.[0] === true) return;
    await withConnection({ ...maintenance, database: EMBEDDED_DATABASE }, (inside) =>
      createRoles(inside, secrets),
    );
  });
}

async function createRoles(client: Client, secrets: DataDirectorySecrets): Promise<void> {
  await client.query('begin');
  await client.query(rolesScript());
  const logins = [
    { name: EMBEDDED_LOGINS.owner, password: secrets.ownerPassword, role: OWNER_ROLE },
    { name: EMBEDDED_LOGINS.app, password: secrets.appPassword, role: APP_ROLE },
    { name: EMBEDDED_LOGINS.readonly, password: secrets.readonlyPassword, role: READONLY_ROLE },
  ];
  for (const login of logins) {
    for (const statement of upsertLoginUser(login)) await runStatement(client, statement);
  }
  await client.query('commit');
}
