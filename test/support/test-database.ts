import { randomBytes } from 'node:crypto';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { testConnection, testServer } from './test-server.js';

/** A database of one test file's own: the tables as migrated, no rows. */
export interface TestDatabase {
  readonly name: string;
  /** What the service connects as: the application role, so that missing grants show up in tests. */
  readonly app: ConnectionSettings;
  /** Whoever migrates. */
  readonly owner: ConnectionSettings;
  readonly readonly: ConnectionSettings;
  /** For what no role of ours may do: cutting connections, changing server settings. */
  readonly superuser: ConnectionSettings;
  /** Removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

/**
 * Makes a copy of the migrated template; call it in `beforeAll` and its `drop` in `afterAll`.
 *
 * **Shape**: `empty` gives a database with roles but no table, for tests of the migrations themselves.
 */
export async function createTestDatabase(kind: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const server = testServer();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = kind === 'migrated' ? server.template : server.emptyTemplate;
  const maintenance = testConnection(server, 'superuser', 'postgres');
  await withConnection(maintenance, (client) => client.query(`create database ${name} template ${template}`));
  return {
    name,
    app: testConnection(server, 'app', name),
    owner: testConnection(server, 'owner', name),
    readonly: testConnection(server, 'readonly', name),
    superuser: testConnection(server, 'superuser', name),
    drop: async () => {
      await withConnection(maintenance, (client) =>
        client.query(`drop database if exists ${name} with (force)`),
      );
    },
  };
}
