import type { ConnectionSettings } from '../../src/config/settings.js';

/** Login users of the test server: one per role, as in production, so that no test passes only because it is superuser. */
export type TestLogin = 'superuser' | 'owner' | 'app' | 'readonly';

/** The PostgreSQL that this test run talks to. **Shape**: plain JSON, handed to the workers through the environment. */
export interface TestServer {
  /** Folder of the Unix socket. */
  readonly host: string;
  readonly port: number;
  /** A database migrated once; every test file works on a copy of its own. */
  readonly template: string;
  /** A database with roles and grants, before the first migration. */
  readonly emptyTemplate: string;
  readonly logins: Readonly<Record<TestLogin, { readonly user: string; readonly password: string }>>;
}

/** The server started for this run. **Errors**: when none was, which only happens outside the projects that need one. */
export function testServer(): TestServer {
  const text = process.env.TEST_POSTGRES_SERVER;
  if (text === undefined) {
    throw new Error('No test server: run this file by npm run test:integration or npm run test:e2e.');
  }
  return JSON.parse(text) as TestServer;
}

/** Connection settings of one login on one database of the test server. */
export function testConnection(
  server: TestServer,
  login: TestLogin,
  database = server.template,
): ConnectionSettings {
  const { user, password } = server.logins[login];
  return { host: server.host, port: server.port, user, password, database, ssl: false };
}
