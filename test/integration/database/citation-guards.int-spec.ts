import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { withConnection } from '../../../src/database/direct-connection.js';
import { USER_ID_SETTING } from '../../../src/database/own-rows.js';
import { execute } from '../../migrations/migration-support.js';
import type { TestDatabase } from '../../support/test-database.js';
import { ANNA, databaseWithRows, OWN } from './own-tables.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await databaseWithRows();
});
afterAll(() => db.drop());

/** Does something as Anna in a transaction of the application, and takes it back. */
async function asAnna<T>(work: (client: Client) => Promise<T>): Promise<T> {
  return withConnection(db.app, async (client) => {
    await client.query('begin');
    await client.query('select set_config($1, $2, true)', [USER_ID_SETTING, ANNA]);
    return work(client);
  });
}

/** **Shape**: `ok`, or the SQLSTATE and the constraint. */
async function attempt(text: string): Promise<string> {
  return asAnna(async (client) => {
    try {
      await client.query(text);
      return 'ok';
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string };
      return [code, constraint].filter(Boolean).join(' ');
    }
  });
}

/** A second quotation of Anna's, but for what is said of its version. */
function quoting(change: Readonly<Record<string, string>>): string {
  const columns = { series_id: 's.id', branch_id: '1', ts: `'2024-01-02'`, revision: '1', ...change };
  return `insert into message_citations (message_id, ordinal, owner_id, ${Object.keys(columns).join(', ')})
    select m.id, 9, m.owner_id, ${Object.values(columns).join(', ')} from stock_series s, messages m`;
}

/** Who last locked the rows that quotations of all owners have in common. */
async function lockers(): Promise<readonly unknown[]> {
  return execute(
    db.superuser,
    `select 'series', id, xmax::text from stock_series
     union all select 'branch', id, xmax::text from branches
     union all select 'revision', id, xmax::text from revisions`,
  );
}

/** Whether a quotation that is stored and not committed has locked any of them. */
async function locksShared(): Promise<boolean> {
  const before = await lockers();
  return asAnna(async (client) => {
    await client.query(OWN.message_citations?.insert(ANNA, 2) ?? '');
    return JSON.stringify(await lockers()) !== JSON.stringify(before);
  });
}

describe('a quotation', () => {
  it('is stored with the version that it quotes', async () => {
    expect(await attempt(quoting({}))).toBe('ok');
  });

  it.each([
    ['a series', { series_id: 's.id + 1' }],
    ['a branch', { branch_id: '2' }],
    ['a time', { ts: `'2024-01-03'` }],
    ['a revision', { revision: '2' }],
  ])('is refused for %s without the version', async (_, change) => {
    expect(await attempt(quoting(change))).toBe('23503 message_citations_added_check');
  });

  it('is refused with all that were to be stored beside it', async () => {
    const both = `${quoting({})} union all select m.id, 10, m.owner_id, s.id, 1, timestamptz '2024-01-03', 1 from stock_series s, messages m`;
    expect(await attempt(both)).toBe('23503 message_citations_added_check');
  });

  it.each(['series_id', 'branch_id', 'ts', 'revision', 'ordinal', 'message_id'])(
    'never changes its %s',
    async (column) => {
      expect(await attempt(`update message_citations set ${column} = ${column}`)).toBe('42501');
    },
  );

  it('locks nothing that other quotations share', async () => {
    expect(await locksShared()).toBe(false);
  });

  it('control: would lock it with a foreign key', async () => {
    await execute(
      db.superuser,
      'alter table message_citations add constraint to_series foreign key (series_id) references stock_series (id)',
    );
    expect(await locksShared()).toBe(true);
    await execute(db.superuser, 'alter table message_citations drop constraint to_series');
  });
});
