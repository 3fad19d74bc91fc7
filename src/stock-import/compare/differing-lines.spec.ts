import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DifferingLines, type Pages } from './differing-lines.js';

/** Lines `dd,value` by their day, in order. */
type Bars = ReadonlyMap<number, number>;

const bars: fc.Arbitrary<Bars> = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 10, max: 60 }), fc.constantFrom(1, 2, 10)), {
    selector: ([day]) => day,
    maxLength: 40,
  })
  .map((list) => new Map(list.sort(([a], [b]) => a - b)));

const linesOf = (list: Bars): string[] => [...list].map(([day, value]) => `${day},${value}\n`);

/** Cuts lines into texts of the given numbers of lines, over and over. */
function cut(lines: readonly string[], sizes: readonly number[]): string[] {
  const texts: string[] = [];
  for (let at = 0, n = 0; at < lines.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    texts.push(lines.slice(at, at + size).join(''));
    at += size;
  }
  return texts;
}

function pages(texts: readonly string[]): Pages {
  const left = [...texts];
  return { next: async () => left.shift() ?? null };
}

async function differing(file: readonly string[], stored: readonly string[]): Promise<string> {
  const comparison = new DifferingLines(pages(stored), 0);
  let found = '';
  for (const text of file) found += await comparison.of(text);
  return found;
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

describe('differing lines', () => {
  it('are those that the store has not, or otherwise, however both are cut', async () => {
    await fc.assert(
      fc.asyncProperty(bars, bars, sizes, sizes, async (file, stored, fileCut, storedCut) => {
        const expected = linesOf(new Map([...file].filter(([day, value]) => stored.get(day) !== value)));
        const found = await differing(cut(linesOf(file), fileCut), cut(linesOf(stored), storedCut));
        expect(found).toBe(expected.join(''));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are none of a file that is stored as it is', async () => {
    const lines = linesOf(new Map(Array.from({ length: 80 }, (_, n) => [n + 10, n])));
    expect(await differing(cut(lines, [7]), cut(lines, [11]))).toBe('');
  });
});
