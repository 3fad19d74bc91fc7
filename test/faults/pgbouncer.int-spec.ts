import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { entities } from '../../mikro-orm.config.js';
import { loadSettings, type ConnectionSettings } from '../../src/config/settings.js';
import { clientConfig, withConnection } from '../../src/database/direct-connection.js';
import { checkPooler } from '../../src/database/pooler.js';
import { SchemaMigrator } from '../../src/database/schema-migrator.js';
import { bar, csvOf, day } from '../factories/bars.js';
import {
  barPath,
  forkBranch,
  mergeBranch,
  putClose,
  revisionOf,
  shownCloses,
} from '../factories/branches.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { buildOnce, databaseVariables, stockroom, urlOf } from '../support/command-line.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase } from '../support/test-database.js';
import { describeWith, PGBOUNCER } from './debian-programs.js';
import { POOLED_SESSIONS, startPooler, type TestPooler } from './pgbouncer-support.js';

describeWith(PGBOUNCER)('behind a transaction pooler', () => {
  let pooler: TestPooler;
  beforeAll(async () => {
    buildOnce();
    pooler = await startPooler();
  });
  afterAll(() => pooler.close());

  /** The service as it runs with `?pgbouncer=true`, or with what a test sets wrongly. */
  function startPooled(wrong: { namedStatements?: boolean } = {}): Promise<TestApp> {
    return startTestApp({
      database: (db) => ({
        app: pooler.through(db.app),
        namedStatements: false,
        throughPooler: true,
        ...wrong,
      }),
    });
  }

  /** One person's work: an import, corrections, and reads of every kind. **Shape**: every answer. */
  async function use(api: ApiClient, stock: string): Promise<readonly ApiAnswer[]> {
    const path = `/v1/stocks/${stock}/data`;
    const days = Array.from({ length: 30 }, (_, n) => bar(day(n), String(n + 1)));
    const answers = [
      await importCsv(api, stock, csvOf(days)),
      // Quoted, which takes the careful way through a table of its own.
      await importCsv(api, stock, `Date,Close\n"${day(40)}","40"\n"${day(3)}","33"\n`),
      await api.post(path, { query: { dryRun: true }, type: 'text/csv', body: csvOf([bar(day(50), '5')]) }),
    ];
    for (let n = 0; n < 6; n++) {
      answers.push(
        await api.put(`${path}/${day(n)}`, { json: { close: n + 100 } }),
        await api.get(path, { query: { limit: 10 } }),
        await api.get(path, { query: { asOf: new Date().toISOString() } }),
        await api.get(path, { query: { interval: '1w' } }),
        await api.get(`${path}/${day(n)}/versions`),
        await api.get('/v1/revisions', { query: { symbol: stock } }),
        await api.patch(`/v1/stocks/${stock}`, { json: { name: `n${n}` } }),
        await api.get('/v1/users/me'),
      );
    }
    answers.push(
      await api.get(path, { headers: { accept: 'text/csv' } }),
      await api.delete(`${path}/${day(1)}`),
    );
    return answers;
  }

  /** Eight people at once. **Shape**: the answers that are not 200. */
  async function failuresOfMany(service: TestApp): Promise<readonly string[]> {
    const stocks = await Promise.all(Array.from({ length: 8 }, () => trackStock(service.api)));
    const answers = await Promise.all(stocks.map((stock) => use(service.api, stock)));
    return answers
      .flat()
      .filter(({ status }) => status !== 200)
      .map(({ status, text }) => `${status} ${text}`);
  }

  /** What sessions of the server keep from one client to the next; none of it is the service's to leave there. */
  async function leftovers(connection: ConnectionSettings): Promise<readonly string[]> {
    const clients = Array.from({ length: POOLED_SESSIONS }, () => new Client(clientConfig(connection)));
    try {
      // Transactions that are open at the same time hold a session each: all of them are looked at.
      await Promise.all(clients.map((client) => client.connect()));
      await Promise.all(clients.map((client) => client.query('begin')));
      const seen = await Promise.all(
        clients.map(async (client) => {
          const { rows } = await client.query<{ text: string }>(LEFTOVERS);
          return rows.map(({ text }) => text);
        }),
      );
      return seen.flat();
    } finally {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    }
  }

  // Those that PgBouncer itself sets anew for each client are no leftovers.
  const LEFTOVERS = `
    select format('setting %s = %s', name, setting) as text
    from pg_settings
    where source = 'session'
      and lower(name) not in ('application_name', 'client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings')
    union all
    select format('statement %s', name) from pg_prepared_statements
    union all
    select format('table %s', relname) from pg_class where relnamespace = pg_my_temp_schema() and relkind = 'r'
    union all
    select format('lock %s', objid) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
    union all
    select format('channel %s', c) from pg_listening_channels() c`;

  it('eight people import, correct and read at once, without one error, and leave nothing in its sessions', async () => {
    const service = await startPooled();
    try {
      expect(await failuresOfMany(service)).toEqual([]);
      expect(await leftovers(pooler.through(service.db.app))).toEqual([]);
    } finally {
      await service.close();
    }
  }, 90_000);

  /** One person's branch: forked, changed in every way, merged as a dry run, with a conflict and for good, then undone. **Shape**: what its branch showed, what `main` did after the merge, and in the end. */
  async function branchOut(api: ApiClient, stock: string): Promise<readonly string[]> {
    await importCsv(api, stock, csvOf([0, 1, 2, 3].map((n) => bar(day(n), String(n + 1)))));
    const branch = await forkBranch(api);
    const changed = [
      await importCsv(api, stock, csvOf([bar(day(0), '10'), bar(day(9), '90')]), { branch }),
      await putClose(api, { symbol: stock, day: 1, branch }, 20),
      await putClose(api, { symbol: stock, day: 1, branch }, 21),
      await api.delete(barPath(stock, 2), { query: { branch } }),
      await putClose(api, { symbol: stock, day: 1 }, 22),
      await api.get(`/v1/branches/${branch}/changes`),
      await mergeBranch(api, branch, { onConflict: 'theirs' }, { dryRun: true }),
    ];
    const onBranch = await shownCloses(api, stock, { branch });
    const refused = await mergeBranch(api, branch);
    const merged = await mergeBranch(api, branch, { onConflict: 'theirs' });
    const onMain = await shownCloses(api, stock);
    const reverted = await api.post(`/v1/revisions/${revisionOf(merged)}/revert`);
    const left = await forkBranch(api);
    const discarded = await api.delete(`/v1/branches/${left}`);
    const statuses = [...changed, merged, reverted].map(({ status }) => status);
    expect([...statuses, refused.status, discarded.status]).toEqual([...statuses.map(() => 200), 409, 204]);
    return [onBranch, onMain, await shownCloses(api, stock)];
  }

  it('eight people fork, change, merge and revert at once as without it, and leave nothing in its sessions', async () => {
    const service = await startPooled();
    try {
      const stocks = await Promise.all(Array.from({ length: 8 }, () => trackStock(service.api)));
      const shown = await Promise.all(stocks.map((stock) => branchOut(service.api, stock)));
      const merged = '0=10 1=21 3=4 9=90';
      expect(shown).toEqual(stocks.map(() => [merged, merged, '0=1 1=22 2=3 3=4']));
      expect(await leftovers(pooler.through(service.db.app))).toEqual([]);
    } finally {
      await service.close();
    }
  }, 90_000);

  it('prepared statements meet sessions that do not know them: the control', async () => {
    const service = await startPooled({ namedStatements: true });
    try {
      const addresses = Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? '/v1/stocks' : '/v1/revisions'));
      const answers = await Promise.all(addresses.map((address) => service.api.get(address)));
      expect(answers.map(({ status }) => status)).toContain(500);
    } finally {
      await service.close();
    }
  }, 90_000);

  it('what a session keeps would be found: the control', async () => {
    const db = await createTestDatabase();
    try {
      const connection = pooler.through(db.app);
      await withConnection(connection, async (client) => {
        await client.query(`set lock_timeout = '7s'`);
        await client.query('prepare kept as select 1');
        await client.query('select pg_advisory_lock(1)');
      });
      expect(await leftovers(connection)).toEqual([
        'setting lock_timeout = 7000',
        'statement kept',
        'lock 1',
      ]);
    } finally {
      await db.drop();
    }
  });

  it('a start that was not told of it is refused with what to do', async () => {
    const db = await createTestDatabase();
    try {
      const check = (app: ConnectionSettings, throughPooler: boolean): Promise<string | null> =>
        withConnection(app, (client) => checkPooler(client, { app, throughPooler }));
      await expect(check(pooler.through(db.app), false)).rejects.toThrow(/is a pooler. Add pgbouncer=true/);
      expect(await check(db.app, false)).toBeNull();
    } finally {
      await db.drop();
    }
  });

  it('a start warns unless the user has time limits of its own', async () => {
    const db = await createTestDatabase();
    try {
      const app = pooler.through(db.app);
      const check = (): Promise<string | null> =>
        withConnection(app, (client) => checkPooler(client, { app, throughPooler: true }));
      await withConnection(db.superuser, (client) =>
        client.query(`alter role ${app.user} in database ${db.name} set statement_timeout = '10s'`),
      );
      expect(await check()).toBeNull();
      const bare = await createTestDatabase();
      const without = { ...app, database: bare.name };
      expect(
        await withConnection(without, (client) => checkPooler(client, { app: without, throughPooler: true })),
      ).toMatch(/alter role test_app set statement_timeout/);
      await bare.drop();
    } finally {
      await db.drop();
    }
  });

  it.each(['migrate', 'rollback', 'status', 'sql'])(
    '"db %s" over it is refused with exit status 1 and the mend',
    async (command) => {
      const db = await createTestDatabase('empty');
      try {
        const env = { ...databaseVariables(db), DATABASE_MIGRATION_URL: urlOf(pooler.through(db.owner)) };
        const { status, stdout, stderr } = await stockroom(['db', command], { env });
        expect([status, stdout]).toEqual([1, '']);
        expect(stderr).toMatch(
          /^\S+ is a pooler\. .*give DATABASE_MIGRATION_URL a connection to the server itself/,
        );
        expect(stderr.trim().split('\n')).toHaveLength(1);
      } finally {
        await db.drop();
      }
    },
  );

  it.each(['sessions end-all --yes', 'keys status'])(
    '"%s" that was not told of it is refused as a start is',
    async (words) => {
      const db = await createTestDatabase();
      try {
        const env = { ...databaseVariables(db), DATABASE_URL: urlOf(pooler.through(db.app)) };
        const { status, stdout, stderr } = await stockroom(words.split(' '), { env });
        expect([status, stdout]).toEqual([1, '']);
        expect(stderr).toMatch(/^\S+ is a pooler\. Add pgbouncer=true to DATABASE_URL, .*\n$/);
      } finally {
        await db.drop();
      }
    },
  );

  it('nothing migrates', async () => {
    const db = await createTestDatabase('empty');
    try {
      const migrator = new SchemaMigrator(loadSettings({}), pooler.through(db.owner), entities);
      const refused = /is a pooler. Migrations need a session of their own/;
      await expect(migrator.up()).rejects.toThrow(refused);
      await expect(migrator.down()).rejects.toThrow(refused);
      await expect(migrator.status()).rejects.toThrow(refused);
      // Past the pooler it does.
      expect(await new SchemaMigrator(loadSettings({}), db.owner, entities).status()).not.toEqual([]);
    } finally {
      await db.drop();
    }
  });
});
