import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryInUse } from '../../src/database/embedded/embedded-postgres.errors.js';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import type { Holder } from '../../src/database/embedded/lease.js';
import { PASSWORD, query, Scratch, serverPid } from './embedded-support.js';

const scratch = new Scratch();
let dataDir: string;

const open = (holder: Holder, settings = {}): Promise<EmbeddedPostgres> =>
  EmbeddedPostgres.open({ dataDir, holder, superuserPassword: PASSWORD, settings });

// One cluster for all: each test leaves it stopped, and making one takes most of a test's time.
beforeAll(async () => {
  dataDir = await scratch.folder();
});
afterAll(() => scratch.cleanUp());

describe('an embedded server and its holders', () => {
  it('keeps its data from one start to the next', async () => {
    const first = await open('service');
    await query(first.address, 'create table kept as select 42 as answer');
    await first.close();
    expect(await serverPid(first.location)).toBeUndefined();

    const second = await open('service');
    expect(await query(second.address, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.close();
  });

  it('checks its pages, sorts by code point, asks for a password, and syncs what it acknowledged', async () => {
    const server = await open('service');
    const [row] = await query(
      server.address,
      `select current_setting('data_checksums') as checksums, current_setting('fsync') as fsync,
              current_setting('full_page_writes') as pages, current_setting('synchronous_commit') as commits,
              current_setting('listen_addresses') as addresses, current_setting('server_encoding') as encoding,
              (select datcollate from pg_database where datname = 'postgres') as collation`,
    );
    expect(row).toEqual({
      ...{ checksums: 'on', fsync: 'on', pages: 'on', commits: 'on', addresses: '', encoding: 'UTF8' },
      collation: 'C.UTF-8',
    });
    const wrong = EmbeddedPostgres.open({ dataDir, holder: 'command', superuserPassword: 'another' });
    await expect(wrong).rejects.toThrow(/refuses the superuser's password/);
    await server.close();
  });

  it('keeps its socket, its files and its log to itself', async () => {
    const server = await open('service');
    const modes = await Promise.all(
      [server.address.host, server.location, join(dataDir, 'postgres.log')].map(
        async (path) => (await stat(path)).mode & 0o077,
      ),
    );
    expect(modes).toEqual([0, 0, 0]);
    await server.close();
  });

  it('takes the settings of whoever starts it, last', async () => {
    const server = await open('service', { fsync: 'off', work_mem: '7MB' });
    const rows = await query(
      server.address,
      `select current_setting('fsync') as a, current_setting('work_mem') as b`,
    );
    expect(rows).toEqual([{ a: 'off', b: '7MB' }]);
    await server.close();
  });

  it('refuses a second service, naming the folder and the first, and lets a command in', async () => {
    const first = scratch.holder({ dataDir, holder: 'service' });
    const { location } = await first.held();
    const refused = open('service');
    await expect(refused).rejects.toBeInstanceOf(DataDirectoryInUse);
    await expect(refused).rejects.toMatchObject({ dataDir, holderPid: first.child.pid });
    await expect(refused).rejects.toThrow(new RegExp(`${dataDir}.*process id ${first.child.pid}`));

    const command = await open('command');
    await command.close();
    await first.close();
    expect(await serverPid(location)).toBeUndefined();
    // The control: what was refused beside the first service is granted after it.
    await (await open('service')).close();
  });

  it('is stopped by the last holder, whoever that is, and by no other', async () => {
    const service = await open('service');
    const early = await open('command');
    const late = await open('command');
    const pid = await serverPid(service.location);
    await early.close();
    expect(await serverPid(service.location)).toBe(pid);
    await service.close();
    expect(await serverPid(service.location)).toBe(pid);
    expect(await query(late.address, 'select 1 as one')).toEqual([{ one: 1 }]);
    await late.close();
    expect(await serverPid(service.location)).toBeUndefined();
  });

  it('closes once, however often it is asked', async () => {
    const [server, other] = [await open('service'), await open('command')];
    await Promise.all([server.close(), server.close()]);
    await server.close();
    expect(await query(other.address, 'select 1 as one')).toEqual([{ one: 1 }]);
    await other.close();
  });

  it('makes one cluster when two first starts come at once', async () => {
    const fresh = {
      dataDir: await scratch.folder(),
      holder: 'command',
      superuserPassword: PASSWORD,
    } as const;
    const [a, b] = await Promise.all([EmbeddedPostgres.open(fresh), EmbeddedPostgres.open(fresh)]);
    await query(a.address, 'create table shared as select 1 as one');
    expect(await query(b.address, 'select one from shared')).toEqual([{ one: 1 }]);
    await Promise.all([a.close(), b.close()]);
    expect(await serverPid(a.location)).toBeUndefined();
  });

  it('survives holders that come and go at once, and is never left to nobody', async () => {
    const opened = await open('command');
    await query(opened.address, 'create table visits (n int)');
    await opened.close();
    const visit = async (n: number): Promise<void> => {
      for (let round = 0; round < 5; round += 1) {
        const server = await open('command');
        await query(server.address, `insert into visits values (${n})`);
        await server.close();
      }
    };
    await Promise.all([1, 2, 3, 4].map(visit));
    expect(await serverPid(opened.location)).toBeUndefined();
    const last = await open('command');
    expect(await query(last.address, 'select count(*)::int as visits from visits')).toEqual([{ visits: 20 }]);
    await last.close();
  }, 60_000);
});
