import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { withConnection } from '../../../src/database/direct-connection.js';
import { bar, csvOf, day } from '../../factories/bars.js';
import { importCsv, trackStock } from '../../factories/stocks.js';
import type { ApiClient } from '../../support/api-client.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let api: ApiClient;
let made = 0;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
});
afterAll(() => service.close());

/** As a restore writes: past the triggers and keys. */
async function restore(work: (client: Client) => Promise<void>): Promise<void> {
  await withConnection(service.db.superuser, async (client) => {
    await client.query('set session_replication_role = replica');
    await client.query('begin');
    await work(client);
    await client.query('commit');
  });
}

/** Gives two rows each other's number, wherever it stands. */
async function swap(
  client: Client,
  places: readonly (readonly [table: string, column: string])[],
  ids: readonly [string, string],
): Promise<void> {
  const [one, other] = ids;
  for (const [table, column] of places) {
    await client.query(`update ${table} set ${column} = -${column} where ${column} in (${one}, ${other})`);
    await client.query(
      `update ${table} set ${column} = case ${column} when -${one} then ${other} else ${one} end where ${column} in (-${one}, -${other})`,
    );
  }
}

const OF_SERIES = [
  ['stock_series', 'id'],
  ['stock_data', 'series_id'],
  ['revision_series', 'series_id'],
] as const;
const OF_BRANCH = [
  ['branches', 'id'],
  ['stock_data', 'branch_id'],
  ['revisions', 'branch_id'],
] as const;

describe('a store that was restored under a running service', () => {
  let one: string;
  let other: string;

  beforeEach(async () => {
    one = await trackStock(api, `R${++made}A`);
    other = await trackStock(api, `R${made}B`);
    await importCsv(api, one, csvOf([bar(day(0), '1')]));
    await importCsv(api, other, csvOf([bar(day(0), '2')]));
    for (const symbol of [one, other]) await closes(symbol);
  });

  async function closes(symbol: string, query: Record<string, string> = {}): Promise<unknown> {
    const { json } = await api.get(`/v1/stocks/${symbol}/data`, { query });
    return (json as { data: { close: number }[] }).data.map(({ close }) => close);
  }

  /** The same stocks with each other's numbers, by another history. */
  async function otherNumbers(): Promise<void> {
    await restore(async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `select x.id::text from stock_series x join tracked_stocks s on s.id = x.tracked_stock_id
         where s.symbol in ($1, $2) order by x.id`,
        [one, other],
      );
      await swap(client, OF_SERIES, [rows[0]?.id ?? '', rows[1]?.id ?? '']);
      await client.query(`update revisions set created_at = created_at + interval '1 second'`);
    });
  }

  it('shows each stock its own bars', async () => {
    await otherNumbers();
    expect([await closes(one), await closes(other)]).toEqual([[1], [2]]);
  });

  it.each(['1w', '1mo'])('computes bars of %s of their own stock', async (interval) => {
    await closes(one, { interval });
    await otherNumbers();
    expect(await closes(one, { interval })).toEqual([1]);
  });

  it('shows one bar of its own stock, and its versions', async () => {
    await otherNumbers();
    expect((await api.get(`/v1/stocks/${one}/data/${day(0)}`)).json).toMatchObject({ close: 1 });
    await otherNumbers();
    const versions = await api.get(`/v1/stocks/${one}/data/${day(0)}/versions`);
    expect(versions.json).toMatchObject({ data: [{ close: 1 }] });
  });

  it('downloads bars of their own stock', async () => {
    await otherNumbers();
    const { text } = await api.get(`/v1/stocks/${one}/data`, { headers: { accept: 'text/csv' } });
    expect(text).toContain(`${day(0)},,,,1,,`);
  });

  it('corrects the bar of the stock that is named, and no other', async () => {
    await otherNumbers();
    const answer = await api.put(`/v1/stocks/${one}/data/${day(0)}`, { json: { close: '9' } });
    expect([answer.status, await closes(one), await closes(other)]).toEqual([200, [9], [2]]);
  });

  it('withdraws the bar of the stock that is named, and no other', async () => {
    await otherNumbers();
    expect((await api.delete(`/v1/stocks/${one}/data/${day(0)}`)).status).toBe(200);
    expect([await closes(one), await closes(other)]).toEqual([[], [2]]);
  });

  it('imports into the stock that is named', async () => {
    await otherNumbers();
    expect((await importCsv(api, one, csvOf([bar(day(0), '7')]))).status).toBe(200);
    expect([await closes(one), await closes(other)]).toEqual([[7], [2]]);
  });

  it('reads and changes branches by their names', async () => {
    const names = [`l${made}`, `r${made}`] as const;
    for (const [n, name] of names.entries()) {
      await api.post('/v1/branches', { json: { name, parent: 'main' } });
      await api.put(`/v1/stocks/${one}/data/${day(0)}`, {
        query: { branch: name },
        json: { close: `${n + 5}` },
      });
      await closes(one, { branch: name });
    }
    const otherBranches = () =>
      restore(async (client) => {
        const { rows } = await client.query<{ id: string }>(
          `select id::text from branches where name in ($1, $2) order by id`,
          [...names],
        );
        await swap(client, OF_BRANCH, [rows[0]?.id ?? '', rows[1]?.id ?? '']);
        await client.query(`update branches set created_at = created_at + interval '1 second'`);
      });
    const shown = async () => [
      await closes(one, { branch: names[0] }),
      await closes(one, { branch: names[1] }),
    ];
    await otherBranches();
    expect(await shown()).toEqual([[5], [6]]);
    await otherBranches();
    await api.put(`/v1/stocks/${one}/data/${day(0)}`, { query: { branch: names[0] }, json: { close: '8' } });
    expect(await shown()).toEqual([[8], [6]]);
  });

  it('forks, merges, reverts and discards by names, at the first attempt', async () => {
    const names = ['f', 'm', 'd'].map((letter) => `${letter}${made}`);
    const [forked = '', merged = '', discarded = ''] = names;
    const otherTime = () =>
      restore(async (client) => {
        await client.query(`update revisions set created_at = created_at + interval '1 second'`);
        await client.query(`update branches set created_at = created_at + interval '1 second'`);
      });
    for (const name of [merged, discarded]) await api.post('/v1/branches', { json: { name } });
    await api.put(`/v1/stocks/${one}/data/${day(0)}`, { query: { branch: merged }, json: { close: '6' } });
    await otherTime();
    expect((await api.post('/v1/branches', { json: { name: forked } })).status).toBe(201);
    await otherTime();
    const merge = await api.post(`/v1/branches/${merged}/merge`);
    expect([merge.status, merge.json]).toMatchObject([200, { corrected: 1 }]);
    await otherTime();
    const { revision } = merge.json as { revision: number };
    const revert = await api.post(`/v1/revisions/${revision}/revert`);
    expect([revert.status, revert.json]).toMatchObject([200, { corrected: 1 }]);
    await otherTime();
    expect((await api.delete(`/v1/branches/${discarded}`)).status).toBe(204);
  });

  it('lets go of what came after the point that was restored', async () => {
    const late = await trackStock(api, `R${made}C`);
    await importCsv(api, late, csvOf([bar(day(0), '3')]));
    expect(await closes(late)).toEqual([3]);
    await restore(async (client) => {
      for (const where of [
        'stock_data where valid_from',
        'revision_series where revision_id',
        'revisions where id',
      ])
        await client.query(`delete from ${where} = (select max(id) from revisions)`);
      await client.query(`delete from stock_series where id = (select max(id) from stock_series)`);
      await client.query(`select setval('stock_series_id_seq', (select max(id) from stock_series))`);
    });
    expect(await closes(late)).toEqual([]);
    const next = await trackStock(api, `R${made}D`);
    await importCsv(api, next, csvOf([bar(day(0), '4')]));
    expect([await closes(late), await closes(next), await closes(one)]).toEqual([[], [4], [1]]);
  });

  it('answers over connections that planned for tables of other types', async () => {
    const asked = () =>
      Promise.all(Array.from({ length: 12 }, async () => (await api.get('/v1/stocks')).status));
    const all = Array.from({ length: 12 }, () => 200);
    expect(await asked()).toEqual(all);
    await withConnection(service.db.superuser, (client) =>
      client.query('alter table tracked_stocks alter column symbol type varchar(20)'),
    );
    expect(await asked()).toEqual(all);
    const put = await api.put(`/v1/stocks/${one}/data/${day(0)}`, { json: { close: '9' } });
    expect(put.status).toBe(200);
  });
});
