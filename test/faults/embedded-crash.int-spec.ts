import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chown, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../src/database/embedded/embedded-postgres.js';
import { findBinaries } from '../../src/database/embedded/postgres-binaries.js';
import { programOptions } from '../../src/database/embedded/run-program.js';
import { chooseServerAccount } from '../../src/database/embedded/server-account.js';
import { eventually, killServer, PASSWORD, query, Scratch, serverPid } from './embedded-support.js';

const run = promisify(execFile);
const scratch = new Scratch();
let dataDir: string;

const ACKNOWLEDGED =
  'drop table if exists acknowledged; create table acknowledged as select generate_series(1, 1000) as n';

const open = (extra: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> =>
  EmbeddedPostgres.open({ dataDir, holder: 'service', superuserPassword: PASSWORD, ...extra });

/** What a supervisor without adoption would do: start a server on the folder. */
async function startNaively(location: string): Promise<void> {
  const account = await chooseServerAccount();
  const { postgres } = await findBinaries({ binDir: undefined, dataDir, account, log: () => undefined });
  await run(postgres, ['-D', location, '-c', 'listen_addresses='], {
    ...programOptions(account),
    timeout: 5_000,
  });
}

// One cluster for all: whatever is killed in one test, the next one starts from what is left of it.
beforeAll(async () => {
  dataDir = await scratch.folder();
});
afterAll(() => scratch.cleanUp());

describe('after a kill', () => {
  it('of the service, the next start adopts its server and loses nothing', async () => {
    const victim = scratch.holder({ dataDir, holder: 'service' });
    const { address, location } = await victim.held();
    await query(address, ACKNOWLEDGED);
    const pid = await serverPid(location);
    await victim.kill();

    expect(await serverPid(location)).toBe(pid);
    // The control: without adoption this start fails, so there is something to be survived.
    await expect(startNaively(location)).rejects.toThrow(/postmaster\.pid" already exists/);

    const next = await open();
    expect(await serverPid(location)).toBe(pid);
    expect(await query(next.address, 'select count(*)::int as n from acknowledged')).toEqual([{ n: 1000 }]);
    await next.close();
    expect(await serverPid(location)).toBeUndefined();
  });

  it('of the service and its server, the next start recovers what was acknowledged', async () => {
    const victim = scratch.holder({ dataDir, holder: 'service' });
    const { address, location } = await victim.held();
    await query(address, ACKNOWLEDGED);
    await Promise.all([killServer(location), victim.kill()]);
    await expect(access(join(location, 'postmaster.pid'))).resolves.toBeUndefined();

    const next = await open();
    expect(await query(next.address, 'select count(*)::int as n from acknowledged')).toEqual([{ n: 1000 }]);
    await next.close();
  });

  it('of the server, whoever holds it starts it again at the same address and holds it again', async () => {
    const lines: string[] = [];
    const server = await open({ log: (line) => void lines.push(line) });
    const command = await open({ holder: 'command' });
    await query(server.address, ACKNOWLEDGED);
    const pid = await serverPid(server.location);
    const killedAt = performance.now();
    await killServer(server.location);
    // The control: it really is gone.
    await expect(query(server.address, 'select 1')).rejects.toThrow(
      /ENOENT|ECONNREFUSED|ECONNRESET|EPIPE|terminat/,
    );

    const rows = await eventually(() => query(server.address, 'select count(*)::int as n from acknowledged'));
    expect(rows).toEqual([{ n: 1000 }]);
    expect(performance.now() - killedAt).toBeLessThan(10_000);
    expect(await serverPid(server.location)).not.toBe(pid);
    await eventually(async () => lines.includes('The database server is back.') || undefined);
    await expect(open()).rejects.toThrow(/is in use by the service/);
    await Promise.all([server.close(), command.close()]);
    expect(await serverPid(server.location)).toBeUndefined();
  });

  it('of the process group, as by Ctrl-C, the server is not hit', async () => {
    const victim = scratch.holder({ dataDir, holder: 'service' });
    const { location } = await victim.held();
    const pid = await serverPid(location);
    process.kill(-Number(victim.child.pid), 'SIGINT');
    // The control: the signal did end the process that the server came from.
    await eventually(async () => victim.child.signalCode ?? undefined);
    const next = await open();
    expect(await serverPid(location)).toBe(pid);
    await next.close();
    expect(await serverPid(location)).toBeUndefined();
  });

  it('of the server, close does not wait for one that cannot come back', async () => {
    const server = await open();
    await killServer(server.location);
    await expect(server.close()).resolves.toBeUndefined();
    await (await open()).close();
  });

  it('of the lease alone, a close that comes at once still stops the server', async () => {
    const server = await open();
    const [row] = await query(
      server.address,
      `select pg_terminate_backend(pid) as ended from pg_stat_activity
       where application_name like 'stockroom lease (service%'`,
    );
    expect(row).toEqual({ ended: true });
    await server.close();
    expect(await serverPid(server.location)).toBeUndefined();
  });

  it('of one of its backends, PostgreSQL restarts itself and the lease is taken again', async () => {
    const lines: string[] = [];
    const server = await open({ log: (line) => void lines.push(line) });
    const [row] = await query(
      server.address,
      `select pid from pg_stat_activity where application_name like 'stockroom lease (service%'`,
    );
    process.kill(Number(row?.['pid']), 'SIGKILL');
    await eventually(async () => lines.includes('The database server is back.') || undefined);
    await expect(open()).rejects.toThrow(/is in use by the service/);
    await server.close();
    expect(await serverPid(server.location)).toBeUndefined();
  });

  it('and a reboot, a foreign process with the server’s id is named, and the lock file is left alone', async () => {
    const server = await open();
    await server.close();
    const account = await chooseServerAccount();
    const foreign = spawn('sleep', ['60'], { ...account });
    const lockFile = join(server.location, 'postmaster.pid');
    const lines = [foreign.pid, server.location, 1, 5432, server.address.host, '', ''].join('\n');
    try {
      await writeFile(lockFile, lines);
      if (account) await chown(lockFile, account.uid, account.gid);
      await expect(open()).rejects.toThrow(new RegExp(`Process ${foreign.pid} counts as its server`));
      expect(await readFile(lockFile, 'utf8')).toBe(lines);
    } finally {
      foreign.kill();
    }
    // The control: the same file with the id of no process keeps nobody out.
    await once(foreign, 'exit');
    await (await open()).close();
  });

  it('in the middle of initdb, the next start makes a whole cluster and removes the half one', async () => {
    dataDir = await scratch.folder();
    const victim = scratch.holder({ dataDir, holder: 'service' });
    const staging = await eventually(async () => {
      const name = (await readdir(dataDir)).find((entry) => entry.includes('.new-'));
      if (name === undefined) return undefined;
      await access(join(dataDir, name, 'cluster', 'PG_VERSION'));
      return join(dataDir, name);
    });
    await victim.kill();
    // The control: what is left would pass for a cluster by its PG_VERSION, and is not under the final name.
    await expect(access(join(staging, 'cluster', 'PG_VERSION'))).resolves.toBeUndefined();
    expect(await readdir(dataDir)).not.toContain('postgres-18');

    const first = await open();
    expect(await query(first.address, 'select 1 as one')).toEqual([{ one: 1 }]);
    await first.close();
    // The orphaned initdb may still be filling its folder; a start after its end removes that.
    await eventually(async () => {
      await (await open()).close();
      return (await readdir(dataDir)).some((entry) => entry.includes('.new-')) ? undefined : true;
    });
  });
});
