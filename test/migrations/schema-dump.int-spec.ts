import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DUMP_COMMAND, DUMP_FILE, dumpInTransaction } from '../../scripts/schema-dump.js';
import { withConnection } from '../../src/database/direct-connection.js';
import type { TestDatabase } from '../support/test-database.js';
import { createEmptyDatabase, dumpOf, execute, migratorOf } from './migration-support.js';

/** Changes that nobody may make unnoticed, by what they touch. */
const CHANGES = {
  'a column': 'alter table users add note text',
  'a type': 'alter table revisions alter message type varchar(1000)',
  'a default': 'alter table branches alter status drop default',
  'a default that is another': `alter table branches alter status set default 'merged'`,
  'null where there was none': 'alter table users alter password_hash drop not null',
  'an identity': 'alter table branches alter id drop identity',
  'a check': 'alter table revisions drop constraint revisions_id_check',
  'a check that is wider':
    'alter table stock_data drop constraint stock_data_volume_check, add constraint stock_data_volume_check check (volume >= -1)',
  'a foreign key':
    'alter table revisions drop constraint revisions_branch_id_fkey, add constraint revisions_branch_id_fkey foreign key (branch_id) references branches on delete cascade',
  'an index': 'drop index revisions_created_at_index',
  uniqueness: 'drop index users_email_key; create unique index users_email_key on users (email)',
  'a value of an enum': `alter type user_role add value 'AUDITOR'`,
  'a function': `create or replace function stock_data_check_added() returns trigger language plpgsql as 'begin return null; end'`,
  'a trigger': 'drop trigger stock_data_closed on stock_data',
  'a trigger that is switched off': 'alter table stock_data disable trigger stock_data_added',
  'an owner': 'alter table users owner to current_user',
  'a grant': 'grant delete on stock_data to stockroom_app',
  'a grant on a column': 'grant update (valid_from) on stock_data to stockroom_app',
  'a grant to all': 'grant select on users to public',
  'a grant on a sequence': 'revoke all on sequence branches_id_seq from stockroom_app',
  'a right that everybody has': 'revoke execute on function stock_data_check_added() from public',
  'a grant on the schema': 'grant create on schema public to stockroom_app',
  'a default privilege':
    'alter default privileges for role stockroom_owner in schema public grant truncate on tables to stockroom_app',
  'a policy': 'create policy own on users using (true)',
  'row-level security': 'alter table users enable row level security',
  'row-level security of the owner': 'alter table users force row level security',
  'storage parameters': 'alter table stock_data set (fillfactor = 70)',
  'a table that crashes lose': 'alter table revision_series set unlogged',
} as const;

/** What the dump has no words for yet. */
const UNKNOWN = {
  'a view': ['create view v as select 1', 'relation public.v of kind v'],
  'a domain': ['create domain price as numeric', 'type public.price of kind d'],
  'a schema': ['create schema reports', 'schema reports'],
  'an extension': ['create extension btree_gist', 'extension btree_gist'],
  'a comment': [`comment on table users is 'people'`, 'comment on public.users'],
  'a step of an identity': ['alter table branches alter id set increment 2', 'options of the identity'],
} as const;

describe('the schema dump', () => {
  let db: TestDatabase;
  let dump: string;

  beforeAll(async () => {
    db = await createEmptyDatabase();
    await migratorOf(db).up();
    dump = await dumpOf(db);
  });
  afterAll(() => db.drop());

  it('is committed as the migrations make it', () => {
    const path = join(import.meta.dirname, '../..', DUMP_FILE);
    const committed = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const mend = `${DUMP_FILE} is not what the migrations make. Mend it with: ${DUMP_COMMAND}`;
    expect(committed === dump ? '' : mend).toBe('');
  });

  it('is the same on a server with another time zone and another way to write dates', async () => {
    await execute(
      db.superuser,
      `alter database ${db.name} set timezone = 'America/New_York'; alter database ${db.name} set datestyle = 'German, DMY'`,
    );
    expect(await dumpOf(db)).toBe(dump);
    await execute(
      db.superuser,
      `alter database ${db.name} reset timezone; alter database ${db.name} reset datestyle`,
    );
  });

  it('is enough to make the same schema again', async () => {
    const other = await createEmptyDatabase();
    await execute(other.superuser, dump);
    expect(await dumpOf(other)).toBe(dump);
    await other.drop();
  });

  it.each(Object.entries(CHANGES))('shows a change of %s', async (_what, change) => {
    expect(await dumpAfter('select 1')).toBe(dump);
    expect(await dumpAfter(change)).not.toBe(dump);
  });

  it.each(Object.entries(UNKNOWN))('refuses to leave out %s', async (_what, [change, message]) => {
    await expect(dumpAfter(change)).rejects.toThrow(message);
  });

  /** What the dump would be after a change, which is not kept. */
  async function dumpAfter(change: string): Promise<string> {
    return withConnection(db.superuser, async (client) => {
      await client.query('begin');
      await client.query(change);
      return dumpInTransaction(client);
    });
  }
});
