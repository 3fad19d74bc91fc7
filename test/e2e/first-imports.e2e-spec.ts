import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlService } from '../../src/database/sql.service.js';
import { SqlTransaction } from '../../src/database/sql-transaction.js';
import { makeSeries } from '../factories/versioned-bars.js';
import { freshSymbol, importCsv, trackStock } from '../factories/stocks.js';
import type { ApiClient } from '../support/api-client.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const HEADER = 'Date,Open,High,Low,Close,Volume';

describe('the first bars of a stock', () => {
  let service: TestApp;
  let api: ApiClient;
  let copies: jest.SpiedFunction<SqlTransaction['copyFrom']>;
  let locks: jest.SpiedFunction<SqlTransaction['run']>;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
    copies = jest.spyOn(SqlTransaction.prototype, 'copyFrom');
    locks = jest.spyOn(SqlTransaction.prototype, 'run');
  });
  afterAll(() => service.close());
  beforeEach(() => {
    copies.mockClear();
    locks.mockClear();
  });

  /** The tables that were copied into, in order. */
  const copiedInto = (): readonly string[] => copies.mock.calls.map(([{ name }]) => name);
  const tookTurns = (): number => locks.mock.calls.filter(([{ name }]) => name === 'commit_lock').length;

  async function closes(symbol: string): Promise<string[]> {
    const { exact } = await api.get(`/v1/stocks/${symbol}/data`, { query: { order: 'asc' } });
    return (exact as { data: { close: string }[] }).data.map(({ close }) => close);
  }

  it('go straight into the table, the next ones are compared', async () => {
    const symbol = await trackStock(api);
    const first = await importCsv(api, symbol, `${HEADER}\n2020-01-02,1.10,2.00,1,1.500,7\n`);
    expect(first.json).toMatchObject({ inserted: 1, corrected: 0, unchanged: 0 });
    const second = await importCsv(api, symbol, `${HEADER}\n2020-01-02,1.1,2,1,1.5,7\n2020-01-03,,,,3.0,\n`);
    expect(second.json).toMatchObject({ inserted: 1, corrected: 0, unchanged: 1 });
    expect(copiedInto()).toEqual(['import_copy_bars', 'import_copy_fast']);
    await expect(closes(symbol)).resolves.toEqual(['1.5', '3']);
  });

  it('of many stocks go to the stock that each line names', async () => {
    const [a, b] = [freshSymbol(), freshSymbol()];
    const body = `Date,Close,Symbol\n2020-01-02,1.50,${a}\n2020-01-03,2,${a}\n2020-01-02,30.0,${b}\n`;
    const { json } = await api.post('/v1/stock-data', { type: 'text/csv', query: { track: 'true' }, body });
    expect(json).toMatchObject({ inserted: 3 });
    expect(copiedInto()).toEqual(['import_copy_bars']);
    await expect(closes(a)).resolves.toEqual(['1.5', '2']);
    await expect(closes(b)).resolves.toEqual(['30']);
  });

  it.each([
    ['that cannot be read', '2020-01-02,1,2,1,1.5,7\n2020-01-03,1,2,1,one,7\n', 3, 0],
    ['given twice with other prices', '2020-01-02,1,2,1,1.5,7\n2020-01-02,1,2,1,1.6,7\n', 2, 0],
    ['of a day that there is not', '2020-02-29,1,2,1,1.5,7\n2020-02-30,1,2,1,1.5,7\n', 3, 1],
    ['with its low above its high', '2020-01-02,1,2,1,1.5,7\n2020-01-03,1,1,2,1.5,7\n', 3, 1],
    ['of the future', '2020-01-02,1,2,1,1.5,7\n2999-01-03,1,2,1,1.5,7\n', 3, 1],
  ])('with one %s are refused with its line, and nothing is stored', async (_, rows, line, turns) => {
    const symbol = await trackStock(api);
    const before = await api.get('/v1/revisions');
    const { status, json } = await importCsv(api, symbol, `${HEADER}\n${rows}`);
    expect(status).toBe(422);
    expect(json).toMatchObject({ errors: expect.arrayContaining([expect.objectContaining({ line })]) });
    await expect(closes(symbol)).resolves.toEqual([]);
    expect((await api.get('/v1/revisions')).json).toEqual(before.json);
    // What its own text shows is found before anybody waits for it.
    expect(tookTurns()).toBe(turns);
  });

  it('are compared after all when somebody else was first', async () => {
    const symbol = freshSymbol();
    await makeSeries(service.db.owner, symbol);
    const file = `${HEADER}\n2020-01-02,1,2,1,1.5,7\n2020-01-03,1,2,1,1.6,7\n`;
    const answers = await withConnection(service.db.superuser, async (client) => {
      // Both have looked, and found nothing, before either gets its turn.
      await client.query('begin');
      await client.query('select pg_advisory_xact_lock(7163001042)');
      const both = Promise.all([importCsv(api, symbol, file), importCsv(api, symbol, file)]);
      const waiting = async (): Promise<number> => {
        const { rows } = await client.query(
          `select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`,
        );
        return rows.length;
      };
      while ((await waiting()) < 2) await sleep(10);
      await client.query('commit');
      return both;
    });
    const counts = answers.map(({ json }) => json as { inserted: number; unchanged: number });
    expect(counts.map(({ inserted }) => inserted).sort((a, b) => a - b)).toEqual([0, 2]);
    expect(counts.map(({ unchanged }) => unchanged).sort((a, b) => a - b)).toEqual([0, 2]);
    // What the second found the same was not staged.
    expect(copiedInto()).toEqual(['import_copy_bars']);
    const versions = await service.app.get(SqlService).read({
      name: 'test_open',
      text: `select count(*)::int from stock_data v join stock_series x on x.id = v.series_id join tracked_stocks s on s.id = x.tracked_stock_id where s.symbol = $1`,
      values: [symbol],
    });
    expect(versions).toEqual([[2]]);
  });
});
