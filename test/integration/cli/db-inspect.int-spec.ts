import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { asOwner } from '../../support/sql.js';
import {
  buildOnce,
  databaseVariables,
  stockroom,
  urlOf,
  type CommandResult,
} from '../../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

interface Slow {
  readonly mayReadAll: boolean;
  readonly statements: readonly { readonly text: string | null; readonly calls: number }[];
}

type Named = readonly { readonly index: string; readonly table: string }[];

interface Indexes {
  readonly invalid: Named;
  readonly unused: Named;
  readonly duplicate: readonly { readonly index: string; readonly coveredBy: string }[];
  readonly scanned: readonly { readonly table: string; readonly scans: number; readonly rowsRead: number }[];
  readonly foreignKeys: readonly { readonly table: string; readonly columns: string }[];
  readonly deadRows: readonly { readonly table: string; readonly dead: number }[];
  readonly bloated: Named;
  readonly unestimated: readonly { readonly table: string; readonly reason: string }[];
}

/** Each starts several processes, which take seconds on a busy machine. **Units**: milliseconds. */
jest.setTimeout(240_000);

let db: TestDatabase;
beforeAll(async () => {
  buildOnce();
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> =>
  stockroom(['db', ...args], { env: { ...databaseVariables(db), ...env } });

async function json<T>(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<T> {
  const { status, stdout, stderr } = await run([...args, '--json'], env);
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as T;
}

const asSuperuser = (...statements: readonly string[]): Promise<void> =>
  withConnection(db.superuser, async (client) => {
    for (const statement of statements) await client.query(statement);
  });

/** As a person of reports, who may only read, and to whom nobody gives the encryption keys. */
const reporter = (): NodeJS.ProcessEnv => ({
  DATABASE_URL: urlOf(db.readonly),
  DATABASE_MIGRATION_URL: undefined,
  ENCRYPTION_KEYS: undefined,
});

describe('db slow', () => {
  it('says what is missing and how to get it, where statements cannot be seen', async () => {
    const { status, stdout, stderr } = await run(['slow']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('run "create extension pg_stat_statements"');
  });

  it('shows the statements of the service by what they cost, without the values in them', async () => {
    // Statements that a full table of them gave up meanwhile are shown with their values, and other test files fill it.
    await asSuperuser('create extension pg_stat_statements', 'select pg_stat_statements_reset()');
    await withConnection(db.app, async (client) => {
      for (let n = 0; n < 5; n++)
        await client.query(`select u.id from users u where u.email = 'canary-${n}@example.com'`);
      await client.query(`select pg_sleep(0.3)`);
    });
    const { statements } = await json<Slow>(['slow', '--limit', '50']);
    expect(statements[0]?.text).toBe('select pg_sleep($1)');
    const found = statements.find(({ text }) => text?.includes('from users u where u.email') === true);
    expect(found).toMatchObject({ calls: 5, text: 'select u.id from users u where u.email = $1' });
    expect(JSON.stringify(statements)).not.toContain('canary-');
    const { stdout } = await run(['slow', '--by', 'mean', '--limit', '1']);
    expect(stdout.split('\n')[1]).toMatch(/^ +0\.3\d s .* select pg_sleep\(\$1\)$/);
  });

  it('hides statements of others from who may only read, and says who sees them', async () => {
    const { mayReadAll, statements } = await json<Slow>(['slow', '--limit', '50'], reporter());
    expect(mayReadAll).toBe(false);
    // The extension in the service's own database is no difference between entities and tables.
    expect((await run(['check'])).status).toBe(0);
    expect(statements.length).toBeGreaterThan(3);
    expect(JSON.stringify(statements)).not.toContain('users u');
    const { stdout } = await run(['slow'], reporter());
    expect(stdout).toMatch(
      /Statements of other users are hidden: \d+\. A user with the role pg_read_all_stats/,
    );
  });

  it('keeps no password that a role was given', async () => {
    await asSuperuser(
      "create role canary_login password 'canary-secret'",
      "alter role canary_login password 'canary-secret-2'",
      'drop role canary_login',
      'grant pg_read_all_stats to test_readonly',
    );
    try {
      const { mayReadAll, statements } = await json<Slow>(['slow', '--limit', '5000'], reporter());
      expect(mayReadAll).toBe(true);
      expect(JSON.stringify(statements)).toContain('users u');
      expect(JSON.stringify(statements)).not.toContain('canary');
    } finally {
      await asSuperuser('revoke pg_read_all_stats from test_readonly');
    }
  });
});

describe('db indexes', () => {
  const limits = ['--min-rows', '1000', '--min-bytes', '65536'];

  it('finds nothing superfluous or missing in the tables as they are migrated', async () => {
    const { duplicate, scanned, foreignKeys, deadRows, bloated } = await json<Indexes>([
      'indexes',
      ...limits,
    ]);
    expect({ duplicate, scanned, foreignKeys, deadRows, bloated }).toEqual({
      ...{ duplicate: [], scanned: [], foreignKeys: [], deadRows: [], bloated: [] },
    });
  });

  it('finds what is unused, superfluous, missing and bloated, and says the same to who may only read', async () => {
    await spoil();
    const report = await json<Indexes>(['indexes', ...limits]);
    const names = (found: Named): readonly string[] => found.map(({ index }) => index);
    expect(names(report.unused)).toEqual(expect.arrayContaining(['spoilt_a_idx', 'spoilt_b_idx']));
    expect(names(report.unused)).not.toContain('spoilt_pkey');
    expect(report.duplicate).toEqual([
      expect.objectContaining({ index: 'spoilt_a_idx', coveredBy: 'spoilt_a_b_idx' }),
    ]);
    const [scanned] = report.scanned.filter(({ table }) => table === 'spoilt');
    expect(scanned?.scans).toBeGreaterThanOrEqual(3);
    expect(report.foreignKeys).toEqual([expect.objectContaining({ table: 'spoilt', columns: 'parent_id' })]);
    expect(report.deadRows).toEqual([expect.objectContaining({ table: 'spoilt', dead: 18_000 })]);
    expect(names(report.bloated)).toContain('spoilt_b_idx');
    const seen = await json<Indexes>(['indexes', ...limits], reporter());
    expect(seen.duplicate).toEqual(report.duplicate);
    expect(seen.foreignKeys).toEqual(report.foreignKeys);
    const { stdout } = await run(['indexes', ...limits], reporter());
    expect(stdout).toContain('spoilt_a_idx on spoilt: see spoilt_a_b_idx');
  });

  it('tells an invalid index as such, and takes it for none', async () => {
    await asOwner(db, 'create index spoilt_parent_idx on spoilt (parent_id)');
    const keys = async () => (await json<Indexes>(['indexes', ...limits])).foreignKeys;
    expect(await keys()).toEqual([]);
    // As a `create index concurrently` that broke off leaves it.
    await asSuperuser(
      `update pg_index set indisvalid = false where indexrelid = 'spoilt_parent_idx'::regclass`,
    );
    const { invalid, unused } = await json<Indexes>(['indexes', ...limits]);
    expect(invalid).toEqual([expect.objectContaining({ table: 'spoilt', index: 'spoilt_parent_idx' })]);
    expect(unused.map(({ index }) => index)).not.toContain('spoilt_parent_idx');
    expect(await keys()).toEqual([expect.objectContaining({ table: 'spoilt', columns: 'parent_id' })]);
    await asOwner(db, 'drop index spoilt_parent_idx');
  });

  it('says of which it cannot estimate the bloat, and why', async () => {
    const small = ['indexes', '--min-bytes', '1'];
    const seen = async (env?: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, string>> =>
      new Map(
        (await json<Indexes>(small, env)).unestimated.map(({ table, reason }) => [
          `${table} ${reason}`,
          reason,
        ]),
      );
    const service = await seen();
    expect([...service.keys()]).toEqual(
      expect.arrayContaining(['conversations row-security', 'messages row-security', 'messages kind']),
    );
    expect([...service.keys()]).not.toContain('spoilt statistics');
    await asOwner(db, 'create table unread (id integer primary key)');
    await asOwner(db, 'insert into unread select generate_series(1, 1000)');
    expect([...(await seen(reporter())).keys()]).toContain('unread grant');
    await asOwner(db, 'grant select on unread to stockroom_app, stockroom_readonly');
    expect([...(await seen()).keys()]).toContain('unread statistics');
    const { stdout } = await run(small);
    expect(stdout).toMatch(/conversations: row-level security hides the statistics from this user/);
  });
});

/** A table with one of each fault, counted and analysed. */
async function spoil(): Promise<void> {
  for (const statement of [
    'create table spoilt (id integer primary key, a integer, b text, parent_id integer references spoilt)',
    'insert into spoilt select n, n % 7, md5(n::text), null from generate_series(1, 20000) n',
    'create index spoilt_a_idx on spoilt (a)',
    'create index spoilt_a_b_idx on spoilt (a, b)',
    'create index spoilt_b_idx on spoilt (b)',
    'alter table spoilt set (autovacuum_enabled = false)',
    'grant select on spoilt to stockroom_app, stockroom_readonly',
  ])
    await asOwner(db, statement);
  for (let n = 0; n < 3; n++) await asOwner(db, "select count(*) from spoilt where md5(b) = 'x'");
  await asOwner(db, 'delete from spoilt where id > 2000');
  await asOwner(db, 'analyze spoilt');
  await withConnection(db.owner, async (client) => {
    await client.query('select pg_stat_force_next_flush()');
    await client.query('select 1');
  });
}
