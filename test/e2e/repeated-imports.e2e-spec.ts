import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SqlTransaction } from '../../src/database/sql-transaction.js';
import { day } from '../factories/bars.js';
import { freshSymbol, importCsv, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const HEADER = 'Date,Open,High,Low,Close,Volume';
/** More than the first page of stored bars that is asked for. */
const BARS = 1_500;

describe('a file whose bars are stored', () => {
  let service: TestApp;
  let api: ApiClient;
  let copies: jest.SpiedFunction<SqlTransaction['copyFrom']>;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
  });
  afterAll(() => service.close());
  beforeEach(() => {
    copies = jest.spyOn(SqlTransaction.prototype, 'copyFrom');
  });
  afterEach(() => void jest.restoreAllMocks());

  const copiedInto = (): readonly string[] => copies.mock.calls.map(([{ name }]) => name);
  const lines = (): string[] =>
    Array.from({ length: BARS }, (_, n) => `${day(n - BARS)},10.10,12.00,9,${9 + (n % 3)}.50,${n}`);
  const send = (symbol: string, rows: readonly string[], query = {}): Promise<ApiAnswer> =>
    importCsv(api, symbol, `${HEADER}\n${rows.join('\n')}\n`, query);

  async function stored(): Promise<string> {
    const symbol = await trackStock(api);
    expect((await send(symbol, lines())).json).toMatchObject({ inserted: BARS });
    copies.mockClear();
    return symbol;
  }

  it('stages nothing and names the newest revision when nothing differs', async () => {
    const symbol = await stored();
    const again = await send(symbol, lines());
    expect(again.json).toMatchObject({
      inserted: 0,
      corrected: 0,
      unchanged: BARS,
      revision: expect.any(Number),
    });
    expect(copiedInto()).toEqual([]);
  });

  it.each(['false', 'true'])('stages what differs and counts all of it (dry run: %s)', async (dryRun) => {
    const symbol = await stored();
    await api.delete(`/v1/stocks/${symbol}/data/${day(-10)}`);
    const file = lines();
    file[3] = file[3]?.replace('10.10', '10.20') ?? '';
    // One that the file leaves out, and two that are new.
    file.splice(700, 1);
    file.push(`${day(0)},1,1,1,1.00,1`, `${day(1)},1,1,1,1.00,1`);
    const { json } = await send(symbol, file, { dryRun });
    expect(json).toMatchObject({ inserted: 3, corrected: 1, unchanged: BARS - 3 });
    expect(copiedInto()).toEqual(['import_copy_fast']);
    const { exact } = await api.get(`/v1/stocks/${symbol}/data/${day(3 - BARS)}`);
    expect(exact).toMatchObject({ open: dryRun === 'true' ? '10.1' : '10.2' });
  });

  it('corrects bars that say more than the file does', async () => {
    const symbol = await stored();
    const file = lines().map((line) => line.split(',').slice(0, 5).join(','));
    const body = `Date,Open,High,Low,Close\n${file.join('\n')}\n`;
    expect((await importCsv(api, symbol, body)).json).toMatchObject({ corrected: BARS, unchanged: 0 });
  });

  it('of many stocks is compared stock by stock, and new stocks are taken in', async () => {
    const [a, b, c] = [freshSymbol(), freshSymbol(), freshSymbol()];
    const of = (...symbols: string[]): string =>
      `Symbol,${HEADER}\n${symbols.flatMap((symbol) => lines().map((line) => `${symbol},${line}`)).join('\n')}\n`;
    const post = (body: string) =>
      api.post('/v1/stock-data', { type: 'text/csv', query: { track: 'true' }, body });
    expect((await post(of(a, b))).json).toMatchObject({ inserted: 2 * BARS });
    expect((await post(of(a, b))).json).toMatchObject({ inserted: 0, unchanged: 2 * BARS });
    expect((await post(of(a, c, b))).json).toMatchObject({ inserted: BARS, unchanged: 2 * BARS });
  });

  it('is compared once more when a bar is changed between the look and the commit', async () => {
    const symbol = await stored();
    const run = Reflect.get<SqlTransaction, 'run'>(SqlTransaction.prototype, 'run');
    let changed = false;
    jest.spyOn(SqlTransaction.prototype, 'run').mockImplementation(async function (
      this: SqlTransaction,
      statement,
    ) {
      const rows = await run.call(this, statement);
      if (changed || !statement.name.startsWith('import_stored')) return rows;
      changed = true;
      await api.put(`/v1/stocks/${symbol}/data/${day(-BARS)}`, { json: { close: 99 } });
      return rows;
    });
    expect((await send(symbol, lines())).json).toMatchObject({ corrected: 1, unchanged: BARS - 1 });
    expect(changed).toBe(true);
    const { json } = await api.get(`/v1/stocks/${symbol}/data/${day(-BARS)}`);
    expect(json).toMatchObject({ close: 9.5 });
  });
});
