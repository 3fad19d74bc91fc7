import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { ownerSession } from '../../../src/database/orm-options.js';
import { USER_ID_SETTING } from '../../../src/database/own-rows.js';
import { execute } from '../../migrations/migration-support.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { ANNA, BERT, databaseWithRows, NOT_OWN, OWN, TABLES } from './own-tables.js';

const REFUSED = '42501';
let db: TestDatabase;

beforeAll(async () => {
  db = await databaseWithRows();
});
afterAll(() => db.drop());

/**
 * Runs one statement in a transaction that says whose it is, and undoes it.
 *
 * **Shape**: how many rows it gave or touched, or the SQLSTATE with which it was refused. `user` undefined: the transaction says
 * nothing.
 */
async function outcome(
  connection: ConnectionSettings,
  user: string | undefined,
  statement: string,
): Promise<number | string> {
  return withConnection(connection, async (client) => {
    await client.query('begin');
    try {
      if (user !== undefined) await client.query('select set_config($1, $2, true)', [USER_ID_SETTING, user]);
      return (await client.query(statement)).rowCount ?? 0;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  });
}

/** Whoever migrates, in the role that owns the tables. */
function asOwner({ owner }: TestDatabase): ConnectionSettings {
  return { ...owner, options: ownerSession(owner) };
}

/** Tables that the catalogue shows to be unprotected. **Shape**: `table: what is missing`, in order. */
async function unprotected(there: TestDatabase): Promise<readonly string[]> {
  const rows = await execute(
    there.superuser,
    `with policy as (
       select polrelid,
         bool_or(a.rolname = 'stockroom_app' and polcmd = '*' and polpermissive
           and pg_get_expr(polqual, polrelid) ~ 'stockroom\\.(user|visitor)_id') as own_using,
         bool_or(a.rolname = 'stockroom_app' and polcmd = '*' and polpermissive
           and pg_get_expr(polwithcheck, polrelid) ~ 'stockroom\\.(user|visitor)_id') as own_check,
         bool_or(a.rolname = 'stockroom_owner' and pg_get_expr(polqual, polrelid) = 'true') as maintenance,
         bool_or(p.polroles = '{0}' or a.rolname not in ('stockroom_app', 'stockroom_owner')
           or a.rolname = 'stockroom_app'
             and pg_get_expr(polqual, polrelid) !~ 'stockroom\\.(user_id|visitor_id|purpose)') as others
       from pg_policy p left join pg_roles a on a.oid = any (p.polroles)
       group by polrelid
     )
     select c.relname, m.what
     from pg_class c
     left join policy p on p.polrelid = c.oid
     cross join lateral (values
       ('row-level security', not c.relrowsecurity),
       ('force', not c.relforcerowsecurity),
       ('using of the application', p.own_using is not true),
       ('with check of the application', p.own_check is not true),
       ('maintenance by the owner', p.maintenance is not true),
       ('no policy for anybody else', p.others is not false)
     ) m (what, missing)
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and m.missing
       and (c.relname = any ('{${TABLES.join(',')}}') or c.relrowsecurity or exists (
         select from pg_attribute a
         where a.attrelid = c.oid and a.attname in ('user_id', 'owner_id', 'visitor_id') and not a.attisdropped))
       and c.relname <> all ('{${Object.keys(NOT_OWN).join(',')}}')
     order by 1, 2`,
  );
  return rows.map(([table, what]) => `${String(table)}: ${String(what)}`);
}

describe('tables whose rows are somebody’s own', () => {
  it('all have row-level security, forced, for reading and writing, and a way in for maintenance', async () => {
    expect(await unprotected(db)).toEqual([]);
  });

  it('are all tried here', async () => {
    const secured = await execute(
      db.superuser,
      `select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace order by 1`,
    );
    const mend = 'Give the table an entry in OWN, so that the tests below try it.';
    expect([mend, secured.flat()]).toEqual([mend, TABLES.toSorted()]);
  });

  it.each([
    ['is not forced', 'alter table user_settings no force row level security', 'user_settings: force'],
    ['is off', 'alter table user_settings disable row level security', 'user_settings: row-level security'],
    [
      'lost its policy',
      'drop policy external_credentials_own on external_credentials',
      'external_credentials: using of the application',
    ],
    [
      'lets anything be written',
      'alter policy user_settings_own on user_settings with check (true)',
      'user_settings: with check of the application',
    ],
    [
      'lets anything be read',
      'alter policy user_settings_own on user_settings using (true)',
      'user_settings: using of the application',
    ],
    [
      'has a policy for everybody',
      'create policy more on user_settings using (true)',
      'user_settings: no policy for anybody else',
    ],
    [
      'has a second policy that lets anything be read',
      'create policy more on user_settings to stockroom_app using (true)',
      'user_settings: no policy for anybody else',
    ],
    ['is new and has none', 'create table notes (id uuid, user_id uuid)', 'notes: row-level security'],
  ])('would be found out when one %s', async (_what, damage, finding) => {
    const there = await createTestDatabase();
    await execute(there.superuser, damage);
    expect(await unprotected(there)).toContain(finding);
    await there.drop();
  });
});

describe('the application role', () => {
  it('owns nothing, is no superuser, may not pass over policies, and is nobody who may', async () => {
    expect(
      await execute(
        db.app,
        `select rolname from pg_roles r
         where pg_has_role(current_user, r.oid, 'member')
           and (rolsuper or rolbypassrls or rolcreaterole or rolname = 'stockroom_owner'
             or exists (select from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace))`,
      ),
    ).toEqual([]);
    // The control: whoever migrates is found by the same words.
    expect(
      await execute(
        db.owner,
        `select rolname from pg_roles r where pg_has_role(current_user, r.oid, 'member') and rolname = 'stockroom_owner'`,
      ),
    ).toEqual([['stockroom_owner']]);
  });
});

describe.each(TABLES)('a row of %s', (table) => {
  const all = `select 1 from ${table}`;
  const own = OWN[table];
  if (own === undefined) throw new Error(`There is no table ${table}.`);
  const { owner, insert, second, change, give } = own;
  const update = `update ${table} set ${change}`;

  it('is seen by the transaction that names its person, and by no other', async () => {
    expect(await outcome(db.app, ANNA, all)).toBe(1);
    expect(await outcome(db.app, ANNA, `${all} where ${owner} = '${ANNA}'`)).toBe(1);
    expect(await outcome(db.app, ANNA, `${all} where ${owner} = '${BERT}'`)).toBe(0);
    expect(await outcome(db.app, '01900000-0000-7000-8000-0000000000ff', all)).toBe(0);
  });

  it('is seen by nobody when the transaction names nobody, or nothing that could be somebody', async () => {
    expect(await outcome(db.app, undefined, all)).toBe(0);
    expect(await outcome(db.app, '', all)).toBe(0);
    expect(await outcome(db.app, `' or true --`, all)).toBe('22P02');
  });

  it('is changed and removed by its person alone', async () => {
    expect(await outcome(db.app, ANNA, update)).toBe(1);
    expect(await outcome(db.app, ANNA, `${update} where ${owner} = '${BERT}'`)).toBe(0);
    expect(await outcome(db.app, ANNA, `delete from ${table}`)).toBe(1);
    expect(await outcome(db.app, ANNA, `delete from ${table} where ${owner} = '${BERT}'`)).toBe(0);
    expect(await outcome(db.app, undefined, `delete from ${table}`)).toBe(0);
  });

  it('cannot be made for, or given to, somebody else', async () => {
    const make = insert(BERT, 2);
    expect(await outcome(db.app, ANNA, make)).toBe(REFUSED);
    expect(await outcome(db.app, undefined, make)).toBe(REFUSED);
    expect(await outcome(db.app, ANNA, `update ${table} set ${give(BERT)}`)).toBe(REFUSED);
    // The control: the statement is sound, and whom it is for decides.
    expect(await outcome(db.app, BERT, make)).toBe(second);
  });

  it('is not seen in reports, whatever they say of themselves', async () => {
    expect(await outcome(db.readonly, undefined, all)).toBe(0);
    expect(await outcome(db.readonly, ANNA, all)).toBe(0);
  });

  it('is seen in maintenance, which acts as the owner', async () => {
    expect(await outcome(asOwner(db), undefined, all)).toBe(2);
  });

  it('would be seen by anybody without the policy', async () => {
    const there = await databaseWithRows();
    await execute(there.superuser, `alter table ${table} disable row level security`);
    expect(await outcome(there.app, ANNA, all)).toBe(2);
    expect(await outcome(there.readonly, undefined, all)).toBe(2);
    await there.drop();
  });

  it('would be lost to maintenance without its policy, because the owner is held too', async () => {
    const there = await databaseWithRows();
    await execute(there.superuser, `drop policy ${table}_maintenance on ${table}`);
    expect(await outcome(asOwner(there), undefined, all)).toBe(0);
    await there.drop();
  });
});

describe('an audit event', () => {
  const EVENT = `insert into audit_events (id, action, outcome) values (gen_random_uuid(), 'session.signed-in', 'success')`;
  beforeAll(() => execute(db.app, EVENT));

  it('is added and read by the application', async () => {
    expect(await outcome(db.app, undefined, EVENT)).toBe(1);
    expect(await outcome(db.app, undefined, 'select 1 from audit_events')).toBe(1);
  });

  it.each([
    `update audit_events set outcome = 'failure'`,
    `update audit_events set details = null where false`,
    'delete from audit_events',
    'truncate audit_events',
    'drop table audit_events',
    'alter table audit_events disable trigger all',
  ])('is never changed by it: %s', async (statement) => {
    expect(await outcome(db.app, undefined, statement)).toBe(REFUSED);
    expect(await outcome(db.readonly, undefined, statement)).toBe(REFUSED);
    // The statement itself is sound: whoever may do everything is not refused.
    expect(await outcome(db.superuser, undefined, statement)).toEqual(expect.any(Number));
  });
});
