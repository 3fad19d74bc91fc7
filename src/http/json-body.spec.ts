import { describe, expect, it } from '@jest/globals';
import { parseKept } from './json-body.js';

const CONFIG = { exactNumbers: ['value'], keptNumbers: ['metadata'] };
const parsed = (text: string): string => JSON.stringify(parseKept(text, CONFIG));

describe('a body that keeps some numbers', () => {
  it.each([
    [
      'inside of a kept member, as they were written',
      '{"metadata":{"a":[1.50,{"value":12345678901234567890}]}}',
    ],
    ['that look like kept ones and are none', '{"metadata":{"a":{"rawJSON":"1"}}}'],
    ['under names of every object', '{"metadata":{"constructor":1.0,"toString":{"hasOwnProperty":2.0}}}'],
  ])('has numbers %s', (_, text) => {
    expect(parsed(text)).toBe(text);
  });

  it('has all others as numbers, and exact ones as text', () => {
    expect(parsed('{"a":1.0,"list":[{"value":1.50,"page":2.0}]}')).toBe(
      '{"a":1,"list":[{"value":"1.50","page":2}]}',
    );
    expect(parsed('{"metadata":5.0}')).toBe('{"metadata":5}');
    expect(parseKept('[1.0]', CONFIG)).toEqual([1]);
    expect(parseKept('1.0', CONFIG)).toBe(1);
  });

  it.each([
    '{"__proto__":1}',
    '{"metadata":{"a":[{"__proto__":{}}]}}',
    '{"a":{"\\u005f_proto__":1}}',
    '{',
    '',
  ])('is refused: %s', (text) => {
    expect(() => parseKept(text, CONFIG)).toThrow(SyntaxError);
  });
});
