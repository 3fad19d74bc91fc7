import { describe, expect, it } from '@jest/globals';
import { sampleOf } from './verification.service.js';

describe('a sample of revisions', () => {
  it.each([
    [0, 20, []],
    [3, 20, [1, 2, 3]],
    [20, 3, [1, 11, 20]],
    [1_000_001, 3, [1, 500_001, 1_000_001]],
    [9, 1, [9]],
    [9, 0, []],
  ])('of %i revisions, %i at most, is %j', (newest, size, sample) => {
    expect(sampleOf(newest, size)).toEqual(sample);
  });
});
