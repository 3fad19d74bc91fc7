import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withConnection } from '../../src/database/direct-connection.js';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { prepareServer } from './prepare-server.js';
import { testConnection, type TestServer } from './test-server.js';

/**
 * Holds the PostgreSQL of one test run: starts it in a folder of its own, prints where it is as one line of JSON, and
 * stops and removes it when standard input ends.
 *
 * `TEST_POSTGRES_BIN_DIR` names the folder of other binaries, such as `/usr/lib/postgresql/15/bin`.
 */
async function main(): Promise<void> {
  // Ctrl-C reaches the whole process group; what counts here is only that standard input ends.
  process.on('SIGINT', () => undefined);
  // Whoever read this is gone: not a reason to end before the server is stopped and its folder removed.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const directory = await mkdtemp(join(tmpdir(), 'stockroom-test-'));
  // Run as root, the server has another user's id, which must be able to enter.
  await chmod(directory, 0o755);
  const superuserPassword = randomBytes(18).toString('base64url');
  const postgres = await EmbeddedPostgres.open({
    dataDir: directory,
    superuserPassword,
    holder: 'service',
    binDir: process.env.TEST_POSTGRES_BIN_DIR || undefined,
    // Nobody needs the data of a test after a power cut.
    settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '200' },
  });
  try {
    const { host, port, superuser } = postgres.address;
    const server = describeServer({ host, port, superuser, superuserPassword });
    await reportVersion(server);
    await prepareServer(server);
    process.stdout.write(`${JSON.stringify(server)}\n`);
    await endOfRun();
  } finally {
    await postgres.close();
    await rm(postgres.location, { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
  }
}

function describeServer(input: {
  host: string;
  port: number;
  superuser: string;
  superuserPassword: string;
}): TestServer {
  const login = (user: string): { user: string; password: string } => ({
    user,
    password: randomBytes(18).toString('base64url'),
  });
  return {
    host: input.host,
    port: input.port,
    template: 'stockroom_template',
    emptyTemplate: 'stockroom_empty_template',
    logins: {
      superuser: { user: input.superuser, password: input.superuserPassword },
      owner: login('test_owner'),
      app: login('test_app'),
      readonly: login('test_readonly'),
    },
  };
}

/** Says what is tested on: an environment variable that was misspelt would silently mean the usual version. */
async function reportVersion(server: TestServer): Promise<void> {
  await withConnection(testConnection(server, 'superuser', 'postgres'), async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    process.stderr.write(`Testing on PostgreSQL ${rows[0]?.server_version}.\n`);
  });
}

function endOfRun(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.resume().once('close', resolve);
    process.once('SIGTERM', () => resolve());
    process.once('SIGHUP', () => resolve());
  });
}

await main();
// The standard input of a run that goes on would keep this process alive after SIGTERM.
process.stdin.destroy();
