import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareDecimals, readPrice, readVolume } from './decimal.js';

const text = (reading: ReturnType<typeof readPrice>): string | undefined =>
  'text' in reading ? reading.text : undefined;
const problem = (reading: ReturnType<typeof readPrice>): string | undefined =>
  'problem' in reading ? reading.problem : undefined;

describe('readPrice', () => {
  it.each([
    ['101.24', '101.24'],
    ['0', '0'],
    ['000', '0'],
    ['0.0', '0'],
    ['007.50', '7.5'],
    ['1.750000', '1.75'],
    ['100', '100'],
    ['100.00', '100'],
    ['0.00000000000000000001', '0.00000000000000000001'],
    ['999999999999.99999999999999999999', '999999999999.99999999999999999999'],
    ['1.10000000000000000000', '1.1'],
  ])('reads %s as %s, exactly', (given, expected) => {
    expect(text(readPrice(given))).toBe(expected);
  });

  it.each([
    'NaN',
    'nan',
    'Infinity',
    '-Infinity',
    '1e5',
    '1E5',
    '1e999',
    '0x10',
    '1,234',
    'null',
    'N/A',
    '-',
    '+1',
  ])('refuses %s', (given) => {
    expect(problem(readPrice(given))).toContain('is not a plain decimal such as 101.24');
  });

  it.each([
    '1.',
    '.5',
    '1 000',
    '1_000',
    '١٢',
    '1.2.3',
    '$5',
    '',
    ' ',
    '0'.repeat(100_000),
    `${'0'.repeat(60_000)}x`,
  ])('refuses other shapes', (given) => {
    expect(problem(readPrice(given))).toContain('is not a plain decimal');
  });

  it.each(['-1', '-0', '-0.5'])('says of %s that a price must not be negative', (given) => {
    expect(problem(readPrice(given))).toContain('must not be negative');
  });

  it('names the limits on either side of the point', () => {
    expect(problem(readPrice('1000000000000'))).toContain('must be below 1000000000000');
    expect(problem(readPrice('0.000000000000000000001'))).toContain('more than 20 digits');
    expect(text(readPrice('0001000000000.5'))).toBe('1000000000.5');
  });

  it('gives back the same number in canonical form, whatever zeros surround it', () => {
    const digits = fc.stringMatching(/^\d{1,12}$/);
    const fraction = fc.stringMatching(/^\d{1,20}$/);
    fc.assert(
      fc.property(digits, fc.option(fraction), (integer, behind) => {
        const given = behind === null ? integer : `${integer}.${behind}`;
        const read = text(readPrice(given)) ?? '';
        expect(read).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
        const scaled = (value: string): bigint => {
          const [whole = '', part = ''] = value.split('.');
          return BigInt(whole + part.padEnd(20, '0'));
        };
        expect(scaled(read)).toBe(scaled(given));
      }),
    );
  });
});

describe('readVolume', () => {
  it.each([
    ['63152400', '63152400'],
    ['123.0', '123'],
    ['0', '0'],
    ['0012', '12'],
    ['9223372036854775807', '9223372036854775807'],
  ])('reads %s as %s', (given, expected) => {
    expect(text(readVolume(given, false))).toBe(expected);
  });

  it('refuses parts of a share, negative numbers and what does not fit the column', () => {
    expect(problem(readVolume('1.5', false))).toContain('must be a whole number');
    expect(problem(readVolume('-1', false))).toContain('must not be negative');
    expect(problem(readVolume('9223372036854775808', false))).toContain('must be at most');
    expect(problem(readVolume('99999999999999999999', false))).toContain('must be at most');
  });

  it('accepts thousands separators only where they are announced, and only well-formed', () => {
    expect(text(readVolume('1,234,567', true))).toBe('1234567');
    expect(problem(readVolume('1,234,567', false))).toContain('separators');
    for (const bad of ['1,23', '12,34,567', ',123', '1,234,', '1234,567']) {
      expect(problem(readVolume(bad, true))).toContain('is not a whole number');
    }
  });
});

describe('compareDecimals', () => {
  it('sees differences that floats do not', () => {
    expect(0.1 === Number('0.10000000000000000001')).toBe(true);
    expect(compareDecimals('0.1', '0.10000000000000000001')).toBeLessThan(0);
    expect(compareDecimals('999999999999.00000000000000000001', '999999999999')).toBeGreaterThan(0);
  });

  it('orders any two prices as exact arithmetic does', () => {
    const price = fc.stringMatching(/^\d{1,12}(\.\d{1,20})?$/).map((given) => text(readPrice(given)) ?? '');
    const scaled = (value: string): bigint => {
      const [whole = '', part = ''] = value.split('.');
      return BigInt(whole + part.padEnd(20, '0'));
    };
    fc.assert(
      fc.property(price, price, (a, b) => {
        const expected = scaled(a) < scaled(b) ? -1 : scaled(a) > scaled(b) ? 1 : 0;
        expect(Math.sign(compareDecimals(a, b))).toBe(expected);
      }),
    );
  });
});
