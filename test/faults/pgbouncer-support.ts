import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { chooseServerAccount } from '../../src/database/embedded/server-account.js';
import { testConnection, testServer } from '../support/test-server.js';
import { PGBOUNCER } from './debian-programs.js';

/** A transaction pooler in front of the test server. */
export interface TestPooler {
  /** The same login and database, through the pooler. */
  through(connection: ConnectionSettings): ConnectionSettings;
  log(): Promise<string>;
  close(): Promise<void>;
}

/** Few, so that every session of the server serves many clients in turn. */
export const POOLED_SESSIONS = 3;
const PORT = 6432;

/** Starts Debian's PgBouncer with the settings it ships with, but for the pooling; its socket lies in a folder of the test. */
export async function startPooler(): Promise<TestPooler> {
  const server = testServer();
  const account = await chooseServerAccount();
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-pgbouncer-'));
  await chmod(folder, 0o755);
  const users = Object.values(server.logins).map(({ user, password }) => `"${user}" "${password}"`);
  const files = { users: join(folder, 'users.txt'), settings: join(folder, 'pgbouncer.ini') };
  await writeFile(files.users, `${users.join('\n')}\n`, { mode: 0o600 });
  await writeFile(
    files.settings,
    `[databases]
* = host=${server.host} port=${server.port}
[pgbouncer]
listen_addr =
listen_port = ${PORT}
unix_socket_dir = ${folder}
auth_type = scram-sha-256
auth_file = ${files.users}
pool_mode = transaction
default_pool_size = ${POOLED_SESSIONS}
max_client_conn = 200
logfile = ${join(folder, 'log')}
`,
  );
  if (account !== undefined) {
    await Promise.all([folder, ...Object.values(files)].map((path) => chown(path, account.uid, account.gid)));
  }
  const pooler = spawn(PGBOUNCER, ['-q', files.settings], { cwd: '/', stdio: 'ignore', ...account });
  const through = (connection: ConnectionSettings): ConnectionSettings => ({
    ...connection,
    host: folder,
    port: PORT,
  });
  const log = (): Promise<string> => readFile(join(folder, 'log'), 'utf8');
  for (const probe = through(testConnection(server, 'superuser', 'postgres')); ;) {
    if (pooler.exitCode !== null) throw new Error(`pgbouncer ended: ${await log()}`);
    const isUp = await withConnection(probe, (client) => client.query('select 1')).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    await sleep(50);
  }
  return {
    through,
    log,
    close: async () => {
      const ended = once(pooler, 'exit');
      pooler.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
