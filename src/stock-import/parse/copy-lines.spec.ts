import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CopyLines, UnknownSymbol } from './copy-lines.js';

const NONE: ReadonlyMap<string, number> = new Map();

function rewrite(lines: string, symbolColumn = -1, series = NONE): string {
  return new CopyLines({ prefix: [1, 7], symbolColumn, series }).rewrite(lines);
}

/** What PostgreSQL's `trim_scale` makes of a price. */
function trimmed(price: string): string {
  return price.includes('.') ? price.replace(/0+$/, '').replace(/\.$/, '') : price;
}

const price = fc
  .tuple(fc.stringMatching(/^\d{1,12}$/), fc.option(fc.stringMatching(/^\d{1,20}$/), { nil: null }))
  .map(([whole, fraction]) => (fraction === null ? whole : `${whole}.${fraction}`));

describe('lines rewritten for the table of bars', () => {
  it('begin with what all rows share', () => {
    expect(rewrite('2024-01-02,1.5\n2024-01-03,2\n')).toBe('1,7,2024-01-02,1.5\n1,7,2024-01-03,2\n');
  });

  it('keep line breaks of two bytes', () => {
    expect(rewrite('2024-01-02,1.50\r\n2024-01-03,2.00\r\n')).toBe(
      '1,7,2024-01-02,1.5\r\n1,7,2024-01-03,2\r\n',
    );
  });

  it('keep empty fields, and zeros that say something', () => {
    expect(rewrite('2024-01-10,,100,0,0.0,10.010,\n')).toBe('1,7,2024-01-10,,100,0,0,10.01,\n');
  });

  it('name the series in place of the symbol, wherever it stands', () => {
    const series = new Map([
      ['A.10', 3],
      ['B', 4],
    ]);
    expect(rewrite('A.10,2.0\nB,3\n', 0, series)).toBe('1,7,3,2\n1,7,4,3\n');
    expect(rewrite('2.0,A.10,5\n3,B,6\n', 1, series)).toBe('1,7,2,3,5\n1,7,3,4,6\n');
    expect(rewrite('2.0,A.10\r\n', 1, series)).toBe('1,7,2,3\r\n');
  });

  it('are refused for a symbol that nobody knew of', () => {
    expect(() => rewrite('A,1\nC,1\n', 0, new Map([['A', 1]]))).toThrow(UnknownSymbol);
  });

  it('are nothing when there is nothing', () => {
    expect(rewrite('')).toBe('');
  });

  it('have the zeros that PostgreSQL would trim trimmed, and nothing else changed', () => {
    const line = fc.array(fc.oneof(price, fc.constant('')), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
        const text = lines.map((fields) => `2024-01-10,${fields.join(',')}\n`).join('');
        const expected = lines.map((fields) => `1,7,2024-01-10,${fields.map(trimmed).join(',')}\n`).join('');
        expect(rewrite(text)).toBe(expected);
      }),
    );
  });
});
