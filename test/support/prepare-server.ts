import type { Client } from 'pg';
import { entities } from '../../mikro-orm.config.js';
import { loadSettings } from '../../src/config/settings.js';
import { runStatement, withConnection } from '../../src/database/direct-connection.js';
import {
  APP_ROLE,
  createDatabase,
  OWNER_ROLE,
  READONLY_ROLE,
  rolesScript,
  upsertLoginUser,
} from '../../src/database/roles.queries.js';
import { SchemaMigrator } from '../../src/database/schema-migrator.js';
import { testConnection, type TestServer } from './test-server.js';

/**
 * Makes roles, login users and the migrated template database, by the same functions that set up a real server.
 *
 * **Why** the templates take no connections: `create database … template` fails while anybody is connected to it.
 */
export async function prepareServer(server: TestServer): Promise<void> {
  const maintenance = testConnection(server, 'superuser', 'postgres');
  await withConnection(maintenance, (client) => client.query(createDatabase(server.emptyTemplate)));
  await withConnection(testConnection(server, 'superuser', server.emptyTemplate), async (client) => {
    await client.query(rolesScript());
    await createLogins(client, server);
  });
  await withConnection(maintenance, (client) =>
    client.query(`create database ${server.template} template ${server.emptyTemplate}`),
  );
  await new SchemaMigrator(loadSettings({}), testConnection(server, 'owner'), entities).up();
  await withConnection(maintenance, async (client) => {
    for (const name of [server.template, server.emptyTemplate]) {
      await client.query(`alter database ${name} with is_template true allow_connections false`);
    }
  });
}

async function createLogins(client: Client, server: TestServer): Promise<void> {
  const roles = { owner: OWNER_ROLE, app: APP_ROLE, readonly: READONLY_ROLE } as const;
  for (const login of ['owner', 'app', 'readonly'] as const) {
    const { user: name, password } = server.logins[login];
    await client.query('begin');
    for (const statement of upsertLoginUser({ name, password, role: roles[login] })) {
      await runStatement(client, statement);
    }
    await client.query('commit');
  }
}
