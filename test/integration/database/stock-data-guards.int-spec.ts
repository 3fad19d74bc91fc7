import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { withConnection } from '../../../src/database/direct-connection.js';
import { makeBranch, makeSeries } from '../../factories/versioned-bars.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const OPEN = '9223372036854775807';

describe('the database itself', () => {
  let db: TestDatabase;
  let series: number;

  beforeAll(async () => {
    db = await createTestDatabase();
    series = await makeSeries(db.owner, 'GUARD');
    await makeBranch(db.owner, { name: 'side', parent: 'main', forkRevision: 0 });
    await withConnection(db.app, async (client) => {
      await client.query('begin');
      await client.query(
        `insert into revisions (id, branch_id, kind, source) values (1, 1, 'import', 't'), (2, 1, 'correction', 't')`,
      );
      await client.query(
        `insert into stock_data (series_id, branch_id, ts, valid_from, valid_to, "close")
         values ($1, 1, '2020-01-02+00', 1, 2, 1), ($1, 1, '2020-01-02+00', 2, ${OPEN}, 2), ($1, 1, '2020-01-03+00', 1, ${OPEN}, 3)`,
        [series],
      );
      await client.query('commit');
    });
  });
  afterAll(() => db.drop());

  /** Runs a statement as the application role and takes it back. **Shape**: `ok`, or the SQLSTATE and the constraint. */
  async function attempt(text: string, values: unknown[] = []): Promise<string> {
    return withConnection(db.app, async (client: Client) => {
      await client.query('begin');
      try {
        await client.query(text, values);
        return 'ok';
      } catch (error) {
        const { code, constraint } = error as { code?: string; constraint?: string };
        return [code, constraint].filter(Boolean).join(' ');
      } finally {
        await client.query('rollback');
      }
    });
  }

  const insert = (columns: string, values: string): string =>
    `insert into stock_data (series_id, branch_id, ts, valid_from, ${columns}) values (${series}, 1, '2020-06-01+00', 2, ${values})`;

  it('lets the service add a version and close an open one', async () => {
    expect(await attempt(insert('"open", high, low, "close", adj_close, volume', '1, 2, 0, 1.5, 1, 0'))).toBe(
      'ok',
    );
    expect(await attempt(insert('withdrawn', 'true'))).toBe('ok');
    expect(
      await attempt(`update stock_data set valid_to = 2 where ts = '2020-01-03+00' and valid_to = ${OPEN}`),
    ).toBe('ok');
  });

  it.each([
    ['change a price', 'update stock_data set "close" = 9', '42501'],
    ['change when a bar was', `update stock_data set ts = '2021-01-01+00'`, '42501'],
    ['change when a version began', 'update stock_data set valid_from = 1', '42501'],
    ['withdraw in place', 'update stock_data set withdrawn = true', '42501'],
    ['delete a bar', 'delete from stock_data', '42501'],
    ['empty the table', 'truncate stock_data', '42501'],
    ['switch the guards off', 'alter table stock_data disable trigger all', '42501'],
    [
      'replace a guard',
      'create or replace function stock_data_check_closed() returns trigger language plpgsql as $$ begin return null; end $$',
      '42501',
    ],
    ['delete a revision', 'delete from revisions', '42501'],
    ['move a revision to another branch', 'update revisions set branch_id = 2', '42501'],
    ['rename a revision’s author', 'update revisions set author_id = null', '42501'],
    ['move a fork', 'update branches set fork_revision = 1 where id > 1', '42501'],
    ['delete a branch', 'delete from branches where id > 1', '42501'],
    ['delete a series', 'delete from stock_series', '42501'],
    [
      'point a series at another stock',
      'update stock_series set tracked_stock_id = gen_random_uuid()',
      '42501',
    ],
    ['forget what a revision touched', 'delete from revision_series', '42501'],
    ['make a table', 'create table mine (id int)', '42501'],
  ])('does not let the service %s', async (_what, text, state) => {
    expect(await attempt(text)).toBe(state);
  });

  it.each([
    [
      'an open version in the past',
      `update stock_data set valid_to = 1 where ts = '2020-01-03+00'`,
      '23514 stock_data_validity_check',
    ],
    [
      'a version that is closed already',
      `update stock_data set valid_to = 3 where valid_to = 2`,
      '23000 stock_data_closed_check',
    ],
    [
      'a version by a revision that is not there',
      `update stock_data set valid_to = 77 where ts = '2020-01-03+00'`,
      '23000 stock_data_closed_check',
    ],
    [
      'many, one of them closed',
      'update stock_data set valid_to = 2 where valid_from = 1',
      '23000 stock_data_closed_check',
    ],
  ])('refuses to close %s', async (_what, text, state) => {
    expect(await attempt(text)).toBe(state);
  });

  it.each([
    ['without a series', { series_id: 999 }],
    ['without a revision', { valid_from: 99 }],
    ['without a branch', { branch_id: 99 }],
    ['at a revision of another branch', { branch_id: 2 }],
  ])('refuses a bar %s', async (_what, wrong) => {
    const row = { series_id: series, branch_id: 1, valid_from: 2, ...wrong };
    const text = `insert into stock_data (series_id, branch_id, ts, valid_from, "close") values ($1, $2, '2020-06-01+00', $3, 1)`;
    expect(await attempt(text, [row.series_id, row.branch_id, row.valid_from])).toBe(
      '23503 stock_data_added_check',
    );
  });

  it('refuses a second open version of a bar', async () => {
    expect(await attempt(insert('"close"', '1').replace('2020-06-01', '2020-01-02'))).toBe(
      '23505 stock_data_pkey',
    );
  });

  it.each([
    ...['NaN', 'Infinity', '-Infinity', '-0.01', '1000000000000', '1e999'].flatMap((price) =>
      ['"open"', 'high', 'low', '"close"', 'adj_close'].map((column) => [column, price]),
    ),
  ])('refuses %s of %s', async (column = '', price = '') => {
    const columns = column === '"close"' ? column : `${column}, "close"`;
    const values = column === '"close"' ? `'${price}'` : `'${price}', null`;
    const state = await attempt(insert(`${columns}, withdrawn`, `${values}, true`));
    // A number of a thousand digits is one that the type holds; the rule refuses it.
    expect(state).toBe('23514 stock_data_prices_check');
  });

  it.each([
    ['no close', '"open"', '1', '23514 stock_data_close_check'],
    ['its low above its high', 'low, high, "close"', '3, 2, 2.5', '23514 stock_data_range_check'],
    ['its close above its high', 'high, "close"', '2, 3', '23514 stock_data_range_check'],
    ['its close below its low', 'low, "close"', '3, 2', '23514 stock_data_range_check'],
    ['its open above its high', 'high, "open", "close"', '2, 3, 2', '23514 stock_data_range_check'],
    ['its open below its low', 'low, "open", "close"', '2, 1, 2', '23514 stock_data_range_check'],
    ['a negative volume', '"close", volume', '1, -1', '23514 stock_data_volume_check'],
  ])('refuses a bar with %s', async (_what, columns, values, state) => {
    expect(await attempt(insert(columns, values))).toBe(state);
  });

  it.each(['1799-12-31', '10000-01-01', 'infinity', '-infinity'])('refuses a bar at %s', async (ts) => {
    const text = insert('"close"', '1').replace('2020-06-01+00', /\d/.test(ts) ? `${ts}+00` : ts);
    expect(await attempt(text)).toBe('23514 stock_data_ts_check');
  });

  it.each([
    ['a second root', `insert into branches (name) values ('other')`, '23514 branches_root_check'],
    [
      'a branch without a parent',
      `insert into branches (name, fork_revision) values ('o', 1)`,
      '23514 branches_root_check',
    ],
    [
      'a branch of a taken name',
      `insert into branches (name, parent_id, fork_revision) values ('main', 1, 1)`,
      '23505 branches_name_key',
    ],
    [
      'a branch of no parent that exists',
      `insert into branches (name, parent_id, fork_revision) values ('o', 99, 1)`,
      '23503 branches_parent_id_fkey',
    ],
    [
      'revision 0',
      `insert into revisions (id, branch_id, kind, source) values (0, 1, 'import', 't')`,
      '23514 revisions_id_check',
    ],
    [
      'a revision twice',
      `insert into revisions (id, branch_id, kind, source) values (1, 1, 'import', 't')`,
      '23505 revisions_pkey',
    ],
    [
      'an unknown kind',
      `insert into revisions (id, branch_id, kind, source) values (9, 1, 'magic', 't')`,
      '23514 revisions_kind_check',
    ],
    [
      'a symbol in lower case',
      `insert into tracked_stocks (id, symbol) values (gen_random_uuid(), 'low')`,
      '23514 tracked_stocks_symbol_check',
    ],
    [
      'an unknown interval',
      `insert into stock_series (tracked_stock_id, "interval") select id, '2h' from tracked_stocks`,
      '23514 stock_series_interval_check',
    ],
  ])('refuses %s', async (_what, text, state) => {
    expect(await attempt(text)).toBe(state);
  });

  it('would notice if a guard were gone: without its trigger a closed version can be closed again', async () => {
    const state = await withConnection(db.superuser, async (client) => {
      await client.query('begin');
      await client.query('alter table stock_data disable trigger stock_data_closed');
      await client.query('set local role stockroom_app');
      const result = await client.query('update stock_data set valid_to = 3 where valid_to = 2');
      await client.query('rollback');
      return result.rowCount;
    });
    expect(state).toBe(1);
  });
});
