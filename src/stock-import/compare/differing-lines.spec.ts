import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { differingLines } from './differing-lines.js';

/** Lines `dd,value` by their day, in order. */
type Bars = ReadonlyMap<number, number>;

const bars: fc.Arbitrary<Bars> = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 10, max: 60 }), fc.constantFrom(1, 2, 10)), {
    selector: ([day]) => day,
    maxLength: 40,
  })
  .map((list) => new Map(list.sort(([a], [b]) => a - b)));

const linesOf = (list: Bars): string => [...list].map(([day, value]) => `${day},${value}\n`).join('');

describe('differing lines', () => {
  it('are those that the store has not, or otherwise', () => {
    fc.assert(
      fc.property(bars, bars, (file, stored) => {
        const expected = new Map([...file].filter(([day, value]) => stored.get(day) !== value));
        expect(differingLines(linesOf(file), linesOf(stored), 0)).toBe(linesOf(expected));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are none of a file that is stored as it is', () => {
    const lines = linesOf(new Map(Array.from({ length: 80 }, (_, n) => [n + 10, n])));
    expect(differingLines(lines, lines, 0)).toBe('');
  });

  it('find their key in any column', () => {
    expect(differingLines('A,11,1\nA,12,2\n', 'A,10,1\nA,12,2\n', 1)).toBe('A,11,1\n');
  });
});
