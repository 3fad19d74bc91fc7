import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { editDistance, nearestName } from './nearest-name.js';

describe('the nearest name', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['flaw', 'lawn', 2],
    ['same', 'same', 0],
  ])('counts the letters to change from %j to %j', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('is a distance: symmetric, zero for the same text only, and never longer by a detour', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });

  it('is none when nothing is near', () => {
    expect(nearestName('DATABASE_POOLMAX', ['DATABASE_POOL_MAX', 'DATABASE_PORT'])).toBe('DATABASE_POOL_MAX');
    expect(nearestName('sslcrl', ['host', 'channel_binding'])).toBeNull();
  });
});
