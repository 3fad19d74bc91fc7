import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { rolesScript } from '../../../src/database/roles.queries.js';
import { createEmptyDatabase, dumpOf, execute, migratorOf } from '../../migrations/migration-support.js';
import type { TestDatabase } from '../../support/test-database.js';

const REFUSED = '42501';

/** What the service must not be able to do, whoever takes it over. **Shape**: what, and the statement. */
const FORBIDDEN_TO_APP: readonly (readonly [what: string, statement: string])[] = [
  ['create a table', 'create table mine (id int)'],
  ['create a function', 'create function f() returns int language sql as $$select 1$$'],
  ['create a schema', 'create schema mine'],
  ['create a role', 'create role mine'],
  ['install an extension', 'create extension pg_stat_statements'],
  ['change a table', 'alter table users add note text'],
  ['drop a table', 'drop table users'],
  ['empty a table', 'truncate stock_data'],
  ['add an index', 'create index mine on users (role)'],
  ['take a table over', 'alter table users owner to current_user'],
  ['act as the owner', 'set role stockroom_owner'],
  ['read the hashes of database passwords', 'select rolpassword from pg_authid'],
  ['disable a trigger', 'alter table stock_data disable trigger stock_data_added'],
  ['drop a trigger', 'drop trigger stock_data_added on stock_data'],
  ['skip triggers', `set session_replication_role = replica`],
  [
    'replace the function of a trigger',
    `create or replace function stock_data_check_added() returns trigger language plpgsql as 'begin return null; end'`,
  ],
  ['run programs', `copy (select 1) to program 'true'`],
  ['read files of the server', `select pg_read_file('/etc/hostname')`],
  ['note a migration', `insert into migrations (name) values ('999_mine')`],
  ['change the list of migrations', `update migrations set name = 'mine'`],
  ['forget a migration', 'delete from migrations'],
  ['renumber a revision', 'update revisions set id = id + 1'],
  ['move a revision', 'update revisions set branch_id = 1'],
  [
    'change what a revision says of itself',
    `update revisions set author_id = null, source = '', kind = 'import'`,
  ],
  ['change the message of a revision', `update revisions set message = 'other'`],
  ['remove a revision', 'delete from revisions'],
  ['change a price', 'update stock_data set close = 0'],
  ['change when a price was learned', 'update stock_data set valid_from = 1'],
  ['remove a price', 'delete from stock_data'],
  ['move a branch', 'update branches set parent_id = 1, fork_revision = 1'],
  ['rename a branch', `update branches set name = 'other'`],
  ['remove a branch', 'delete from branches'],
  ['point a series to another stock', 'update stock_series set tracked_stock_id = tracked_stock_id'],
  ['remove a series', 'delete from stock_series'],
  ['change the list of touched series', 'update revision_series set last_ts = now()'],
  ['shorten the list of touched series', 'delete from revision_series'],
];

const FORBIDDEN_TO_READONLY: readonly (readonly [what: string, statement: string])[] = [
  ['read the hashes of passwords', 'select password_hash from users'],
  ['read them with everything else', 'select * from users'],
  ['guess them', `select id from users where password_hash like '$argon2id$%'`],
  ['read them as a whole row', 'select users from users'],
  ['copy them', 'copy users to stdout'],
  ['add a stock', `insert into tracked_stocks (id, symbol) values (gen_random_uuid(), 'MINE')`],
  ['change a stock', 'update tracked_stocks set name = symbol'],
  ['remove a stock', 'delete from tracked_stocks'],
  ['lock a table', 'lock table users in exclusive mode'],
  ['use up numbers', `select nextval('branches_id_seq')`],
  ['create a table', 'create table mine (id int)'],
  ['act as the application', 'set role stockroom_app'],
];

let db: TestDatabase;
let schema: string;
beforeAll(async () => {
  db = await createEmptyDatabase();
  await migratorOf(db).up();
  schema = await dumpOf(db);
});
afterAll(() => db.drop());

describe('the application role', () => {
  it('is no superuser, sees no rows that policies hide, and makes no roles', async () => {
    expect(
      await execute(
        db.app,
        'select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles where rolname = current_user',
      ),
    ).toEqual([[false, false, false, false, false]]);
  });

  it.each(FORBIDDEN_TO_APP)('may not %s', async (_what, statement) => {
    expect(await outcome(db.app, statement)).toBe(REFUSED);
    // The statement itself is sound: whoever may do everything is not refused.
    expect(await outcome(db.superuser, statement)).not.toMatch(/^42/);
  });

  it('may do its work', async () => {
    const stock = `insert into tracked_stocks (id, symbol) values (gen_random_uuid(), 'WORK')`;
    expect(await outcome(db.app, stock)).toBe('done');
    expect(await outcome(db.app, 'select password_hash from users')).toBe('done');
    expect(await outcome(db.app, 'select name from migrations')).toBe('done');
    expect(await outcome(db.app, 'create temporary table rows (id int) on commit drop')).toBe('done');
    expect(await outcome(db.app, 'update stock_data set valid_to = valid_to')).toBe('done');
    expect(await outcome(db.app, `update branches set status = 'merged' where id > 1`)).toBe('done');
  });

  it('cannot put temporary tables in the place of those that the triggers look into', async () => {
    const planted = `
      create temporary table stock_series (id int);
      create temporary table revisions (id bigint, branch_id smallint);
      insert into pg_temp.stock_series values (77);
      insert into pg_temp.revisions values (88, 1);
      insert into stock_data (series_id, branch_id, ts, valid_from, close) values (77, 1, '2026-01-02', 88, 1)`;
    expect(await outcome(db.app, planted)).toBe('23503');
  });
});

describe('the read-only role', () => {
  it.each(FORBIDDEN_TO_READONLY)('may not %s', async (_what, statement) => {
    expect(await outcome(db.readonly, statement)).toBe(REFUSED);
    expect(await outcome(db.superuser, statement)).not.toMatch(/^42/);
  });

  it('reads everything else', async () => {
    const kept: Readonly<Record<string, string>> = {
      users: 'id, email, username, role, is_active, created_at, updated_at, version',
      sessions: 'id, created_at, user_id, last_seen_at, expires_at, revoked_at',
      audit_events: 'id, created_at, action, outcome, user_id, target_type, target_id',
    };
    const nothing = ['encryption_keys', 'encryption_processes', 'guess_limits', 'rate_limit_windows'];
    const tables = await execute(
      db.superuser,
      `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    for (const name of tables.map(([table]) => String(table))) {
      const read = await outcome(db.readonly, `select ${kept[name] ?? '*'} from ${name}`);
      expect([name, read]).toEqual([name, nothing.includes(name) ? REFUSED : 'done']);
    }
  });
});

describe('a table of a later migration', () => {
  const future =
    'set role stockroom_owner; create table future (id int generated by default as identity, note text)';

  it('is usable by the application and readable in reports, without another grant', async () => {
    const there = await copyOfSchema();
    await execute(there.owner, future);
    const work = `insert into future (note) values ('a'); update future set note = 'b'; delete from future`;
    expect(await outcome(there.app, work)).toBe('done');
    expect(await outcome(there.app, `select nextval('future_id_seq')`)).toBe('done');
    expect(await outcome(there.readonly, 'select * from future')).toBe('done');
    expect(await outcome(there.readonly, `insert into future (note) values ('a')`)).toBe(REFUSED);
    await there.drop();
  });

  it('would not be, without default privileges', async () => {
    const there = await copyOfSchema();
    await execute(
      there.superuser,
      'alter default privileges for role stockroom_owner in schema public revoke all on tables from stockroom_app',
    );
    await execute(there.owner, future);
    expect(await outcome(there.app, 'select * from future')).toBe(REFUSED);
    await there.drop();
  });
});

describe('the roles script', () => {
  it('changes nothing when it is run again', async () => {
    await execute(db.superuser, rolesScript());
    expect(await dumpOf(db)).toBe(schema);
  });

  it.each([
    [
      'default privileges',
      'alter default privileges for role stockroom_owner in schema public revoke all on tables from stockroom_app, stockroom_readonly',
    ],
    [
      'rights on the schema',
      'revoke all on schema public from stockroom_app, stockroom_readonly, stockroom_owner; grant create on schema public to public',
    ],
  ])('puts %s back', async (_what, damage) => {
    const there = await copyOfSchema();
    await execute(there.superuser, damage);
    expect(await dumpOf(there)).not.toBe(schema);
    await execute(there.superuser, rolesScript());
    expect(await dumpOf(there)).toBe(schema);
    await there.drop();
  });
});

describe('the repair of grants', () => {
  it.each([
    ['what is missing', 'revoke all on all tables in schema public from stockroom_app, stockroom_readonly'],
    [
      'what is partly missing',
      'revoke insert on tracked_stocks from stockroom_app; revoke update (valid_to) on stock_data from stockroom_app',
    ],
    ['what is missing on sequences', 'revoke all on all sequences in schema public from stockroom_app'],
    ['what is too much', 'grant all on all tables in schema public to stockroom_app, stockroom_readonly'],
    [
      'what is too much on a column',
      'grant select (password_hash) on users to stockroom_readonly; grant update (id) on revisions to stockroom_app',
    ],
  ])('mends %s and keeps the exceptions', async (_what, damage) => {
    const there = await copyOfSchema();
    await execute(there.superuser, damage);
    expect(await dumpOf(there)).not.toBe(schema);
    await migratorOf(there).repairGrants();
    expect(await dumpOf(there)).toBe(schema);
    await there.drop();
  });

  it('takes only the exceptions of migrations that are applied', async () => {
    const there = await createEmptyDatabase();
    await migratorOf(there).up(3);
    const before = await dumpOf(there);
    await migratorOf(there).repairGrants();
    expect(await dumpOf(there)).toBe(before);
    await there.drop();
  });

  it('passes over a table that a later migration dropped', async () => {
    const there = await copyOfSchema();
    await execute(there.superuser, 'drop table revision_series');
    const before = await dumpOf(there);
    await migratorOf(there).repairGrants();
    expect(await dumpOf(there)).toBe(before);
    await there.drop();
  });

  it('refuses a database whose exceptions it cannot know', async () => {
    const there = await copyOfSchema();
    await execute(there.superuser, `insert into migrations (name) values ('999_from_the_future')`);
    await expect(migratorOf(there).repairGrants()).rejects.toThrow('newer than this build');
    expect(await dumpOf(there)).toBe(schema);
    await there.drop();
  });
});

async function copyOfSchema(): Promise<TestDatabase> {
  const copy = await createEmptyDatabase();
  await migratorOf(copy).up();
  return copy;
}

/** `done`, or the SQLSTATE with which a statement is refused. Nothing of it is kept. */
async function outcome(connection: TestDatabase['app'], statement: string): Promise<string> {
  return withConnection(connection, async (client) => {
    await client.query('begin');
    try {
      await client.query(statement);
      return 'done';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  });
}
