import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FileParts } from './file-parts.js';

/** Days of one symbol after another, newest first where it says so. */
interface Run {
  readonly symbol: string;
  readonly days: readonly number[];
  readonly falls: boolean;
}

const runs: fc.Arbitrary<readonly Run[]> = fc.uniqueArray(
  fc.record({
    symbol: fc.constantFrom('A', 'AB', 'ABC', 'B', 'B.C', '1'),
    days: fc.uniqueArray(fc.integer({ min: 10, max: 28 }), { minLength: 1, maxLength: 12 }),
    falls: fc.boolean(),
  }),
  { selector: ({ symbol }) => symbol, maxLength: 6 },
);

const rising = ({ days }: Run): readonly number[] => days.toSorted((a, b) => a - b);
const dateOf = (day: number): string => `2024-01-${day}`;

function linesOf(list: readonly Run[], symbolFirst: boolean): string[] {
  return list.flatMap((run) => {
    const days = run.falls ? rising(run).toReversed() : rising(run);
    return days.map((day) => (symbolFirst ? [run.symbol, dateOf(day)] : [dateOf(day), run.symbol]).join(','));
  });
}

describe('the parts of a file', () => {
  it('hold every line once, stock by stock, oldest first, wherever the file is cut', () => {
    fc.assert(
      fc.property(runs, fc.boolean(), fc.integer({ min: 1, max: 9 }), (list, symbolFirst, step) => {
        const parts = new FileParts(symbolFirst ? ['symbol', 'date'] : ['date', 'symbol'], '');
        const lines = linesOf(list, symbolFirst);
        for (let at = 0; at < lines.length; at += step) {
          const some = lines.slice(at, at + step);
          parts.add(some.map((line) => `${line}\n`).join(''), some.length);
        }
        const taken = parts.take();
        expect(parts.runs).toBe(list.length);
        expect(taken).toEqual(
          list.map((run) => ({
            symbol: run.symbol,
            first: dateOf(Math.min(...run.days)),
            last: dateOf(Math.max(...run.days)),
            rows: run.days.length,
            lines: linesOf([{ ...run, falls: false }], symbolFirst)
              .map((line) => `${line}\n`)
              .join(''),
          })),
        );
        expect(parts.take()).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('are of the one stock where lines name none', () => {
    const parts = new FileParts(['date', 'close'], 'ACME');
    parts.add('2024-01-02,1\n', 1);
    parts.add('2024-01-03,2\n', 1);
    expect(parts.take()).toEqual([
      {
        symbol: 'ACME',
        first: '2024-01-02',
        last: '2024-01-03',
        rows: 2,
        lines: '2024-01-02,1\n2024-01-03,2\n',
      },
    ]);
  });

  it('go on with the same run after some were taken', () => {
    const parts = new FileParts(['symbol', 'date'], '');
    parts.add('A,2024-01-02\n', 1);
    parts.take();
    parts.add('A,2024-01-03\nB,2024-01-02\n', 2);
    expect(parts.take().map(({ symbol, first }) => [symbol, first])).toEqual([
      ['A', '2024-01-03'],
      ['B', '2024-01-02'],
    ]);
    expect(parts.runs).toBe(2);
  });
});
