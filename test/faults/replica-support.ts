import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { runProgram } from '../../src/database/embedded/run-program.js';
import { chooseServerAccount } from '../../src/database/embedded/server-account.js';
import { prepareServer } from '../support/prepare-server.js';
import { testConnection, type TestServer } from '../support/test-server.js';
import { POSTGRES_BIN } from './debian-programs.js';

/** A primary with a streaming replica, both of this test's own. */
export interface ReplicatedServer {
  readonly primary: TestServer;
  /** The same login and database, at the replica. */
  atReplica(connection: ConnectionSettings): ConnectionSettings;
  /** Keeps the replica where it is, while it goes on answering. */
  pauseReplay(): Promise<void>;
  resumeReplay(): Promise<void>;
  /** Waits until the replica has replayed what the primary has written so far. */
  caughtUp(): Promise<void>;
  stopReplica(): Promise<void>;
  startReplica(): Promise<void>;
  close(): Promise<void>;
}

const PORT = 5432;

/** Starts both, the primary with roles and the migrated template. Sockets lie in a folder of the test, so no port is taken. */
export async function startReplicatedServer(): Promise<ReplicatedServer> {
  const account = await chooseServerAccount();
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-replica-'));
  await chmod(folder, 0o755);
  const place = async (name: string): Promise<string> => {
    const path = join(folder, name);
    await mkdir(path, { mode: 0o700 });
    if (account !== undefined) await chown(path, account.uid, account.gid);
    // The service and the tests, which may be another user, enter the folder of the socket.
    if (name.endsWith('socket')) await chmod(path, 0o755);
    return path;
  };
  const run = async (program: string, ...args: readonly string[]): Promise<void> => {
    const { ok, output } = await runProgram(join(POSTGRES_BIN, program), args, account);
    if (!ok) throw new Error(`${program} failed: ${output}`);
  };
  const sockets = { primary: await place('primary-socket'), replica: await place('replica-socket') };
  const data = { primary: await place('primary'), replica: await place('replica') };
  const start = (which: 'primary' | 'replica'): Promise<void> =>
    run(
      ...(['pg_ctl', '-D', data[which], '-w', '-l', join(data[which], 'log'), 'start', '-o'] as const),
      `-c listen_addresses='' -c unix_socket_directories='${sockets[which]}' -c port=${PORT} -c fsync=off`,
    );
  const stop = (which: 'primary' | 'replica'): Promise<void> =>
    run('pg_ctl', '-D', data[which], '-w', '-m', 'immediate', 'stop');

  await run('initdb', '-D', data.primary, '-U', 'postgres', '-A', 'trust', '--locale', 'C.UTF-8');
  await start('primary');
  const primary = serverAt(sockets.primary);
  await prepareServer(primary);
  const from = ['-h', sockets.primary, '-p', String(PORT), '-U', 'postgres'];
  await run('pg_basebackup', ...from, '-D', data.replica, '-R', '-X', 'stream', '-c', 'fast');
  await start('replica');

  const superuser = testConnection(primary, 'superuser', 'postgres');
  const atReplica = (connection: ConnectionSettings): ConnectionSettings => ({
    ...connection,
    host: sockets.replica,
  });
  const ask = (connection: ConnectionSettings, text: string): Promise<unknown> =>
    withConnection(connection, async (client) => {
      const { rows } = await client.query<{ value: unknown }>(text);
      return rows[0]?.value;
    });
  return {
    primary,
    atReplica,
    pauseReplay: async () => {
      await ask(atReplica(superuser), 'select pg_wal_replay_pause()');
      // Asked for at once, but it only counts once the replay has come to a stop.
      const state = `select pg_get_wal_replay_pause_state() as value`;
      while ((await ask(atReplica(superuser), state)) !== 'paused') await sleep(10);
    },
    resumeReplay: async () => {
      await ask(atReplica(superuser), 'select pg_wal_replay_resume()');
    },
    caughtUp: async () => {
      const at = String(await ask(superuser, 'select pg_current_wal_lsn() as value'));
      const reached = `select pg_last_wal_replay_lsn() >= '${at}'::pg_lsn as value`;
      while ((await ask(atReplica(superuser), reached)) !== true) await sleep(10);
    },
    stopReplica: () => stop('replica'),
    startReplica: () => start('replica'),
    close: async () => {
      await stop('replica').catch(() => undefined);
      await stop('primary');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function serverAt(host: string): TestServer {
  const login = (user: string): { user: string; password: string } => ({
    user,
    password: randomBytes(18).toString('base64url'),
  });
  return {
    ...{ host, port: PORT, template: 'stockroom_template', emptyTemplate: 'stockroom_empty_template' },
    logins: {
      superuser: login('postgres'),
      owner: login('test_owner'),
      app: login('test_app'),
      readonly: login('test_readonly'),
    },
  };
}
