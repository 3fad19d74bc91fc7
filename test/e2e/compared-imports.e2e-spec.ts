import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { SqlTransaction } from '../../src/database/sql-transaction.js';
import { day } from '../factories/bars.js';
import { freshSymbol } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const HEADER = 'Symbol,Date,Open,High,Low,Close,Volume';
const DAYS = 60;

/** For each stock its bars: the close by the day. */
type World = readonly ReadonlyMap<number, string>[];

const prices = fc.constantFrom('9', '9.50', '10.5', '10.500', '0.10', '11.00');
const stock = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: DAYS - 1 }), prices), {
    selector: ([n]) => n,
    minLength: 1,
    maxLength: DAYS,
  })
  .map((list) => new Map(list));
const world: fc.Arbitrary<World> = fc.array(stock, { minLength: 3, maxLength: 3 });

interface Shape {
  readonly newestFirst: boolean;
  readonly lastBreak: boolean;
}

function fileOf(bars: World, symbols: readonly string[], { newestFirst, lastBreak }: Shape): string {
  const lines = bars.flatMap((ofOne, n) => {
    const sorted = [...ofOne].sort(([a], [b]) => (newestFirst ? b - a : a - b));
    return sorted.map(([at, close]) => `${symbols[n]},${day(at - DAYS)},${close},12.00,0.10,${close},${at}`);
  });
  return `${HEADER}\n${lines.join('\n')}${lastBreak ? '\n' : ''}`;
}

describe('a file that is compared as it is read', () => {
  let service: TestApp;
  let api: ApiClient;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
  });
  afterAll(() => service.close());
  afterEach(() => void jest.restoreAllMocks());

  const post = (body: string): Promise<ApiAnswer> =>
    api.post('/v1/stock-data', { type: 'text/csv', query: { track: 'true' }, body });
  const countsOf = ({ json }: ApiAnswer): unknown[] => {
    const { inserted, corrected, unchanged, rejected } = json as Record<string, unknown>;
    return [inserted, corrected, unchanged, rejected];
  };
  const barsOf = async (symbol: string | undefined): Promise<unknown> =>
    (await api.get(`/v1/stocks/${symbol}/data?limit=1000`)).text;

  it('changes and counts what the same file does that is staged', async () => {
    const run = jest.spyOn(SqlTransaction.prototype, 'run');
    const comparisons = (): number =>
      run.mock.calls.filter(([{ name }]) => name.startsWith('import_stored')).length;
    const shape = fc.record({ newestFirst: fc.boolean(), lastBreak: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(world, world, shape, async (before, after, form) => {
        const [compared, staged] = [0, 1].map(() => before.map(() => freshSymbol())) as [string[], string[]];
        const plain: Shape = { newestFirst: false, lastBreak: true };
        for (const symbols of [compared, staged]) await post(fileOf(before, symbols, plain));
        run.mockClear();
        const fast = await post(fileOf(after, compared, form));
        expect(comparisons()).toBeGreaterThan(0);
        run.mockClear();
        // Lines that end otherwise are not compared.
        const slow = await post(fileOf(after, staged, form).replaceAll('\n', '\r\n'));
        expect(comparisons()).toBe(0);
        expect(countsOf(fast)).toEqual(countsOf(slow));
        for (const [n, symbol] of compared.entries()) {
          const other = String(staged[n]);
          const expected = String(await barsOf(other)).replaceAll(other, symbol);
          expect(await barsOf(symbol)).toBe(expected);
        }
      }),
      { numRuns: 15 },
    );
  });

  it.each([
    ['alike', '1', { unchanged: 2, rejected: 0 }],
    ['otherwise', '2', { status: 422 }],
  ])(
    'is told of a bar that it says twice, %s, in a last line without its end',
    async (_, close, expected) => {
      const symbol = freshSymbol();
      const lines = ['2024-01-02,1,9,1,1,1', '2024-01-03,1,9,1,1,1'].map((line) => `${symbol},${line}`);
      const body = `${HEADER}\n${lines.join('\n')}`;
      expect((await post(body)).json).toMatchObject({ inserted: 2 });
      const twice = await post(`${body}\n${symbol},2024-01-03,1,9,1,${close},1`);
      expect(twice.json).toMatchObject(expected);
    },
  );
});
