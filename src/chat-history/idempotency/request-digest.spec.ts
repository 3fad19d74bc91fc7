import { describe, expect, it } from '@jest/globals';
import { exactJson } from '../../common/json-text.js';
import { requestDigest } from './request-digest.js';

const same = (one: object, other: object): boolean => requestDigest(one).equals(requestDigest(other));

describe('the fingerprint of a request', () => {
  it.each([
    ['members in another order', { a: 1, b: { c: [1], d: 2 } }, { b: { d: 2, c: [1] }, a: 1 }],
    ['a member that is undefined', { a: 1, b: undefined }, { a: 1 }],
  ])('is the same for %s', (_, one, other) => {
    expect(same(one, other)).toBe(true);
  });

  it.each([
    ['a list in another order', { a: [1, 2] }, { a: [2, 1] }],
    ['a member that is null', { a: 1, b: null }, { a: 1 }],
    ['an object that reads like a list', { a: { b: 1 } }, { a: [['b', 1]] }],
    ['a number as text', { a: 1 }, { a: '1' }],
    ['text that is put together otherwise', { a: 'e\u0301' }, { a: 'é' }],
  ])('is another one for %s', (_, one, other) => {
    expect(same(one, other)).toBe(false);
  });

  it('knows numbers by what was written, however long', () => {
    const digest = (text: string): string => requestDigest(exactJson(text) as object).toString('hex');
    expect(digest('{"a":12345678901234567890}')).not.toBe(digest('{"a":12345678901234567891}'));
    expect(digest('{"a":12345678901234567890,"b":1}')).toBe(digest('{"b":1,"a":12345678901234567890}'));
  });
});
