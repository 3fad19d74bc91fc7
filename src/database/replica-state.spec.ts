import { beforeEach, describe, expect, it } from '@jest/globals';
import { ReplicaState } from './replica-state.js';

describe('a replica', () => {
  let state: ReplicaState;
  beforeEach(() => {
    state = new ReplicaState();
  });

  it('that nobody asked yet is looked at by one request, while the others go elsewhere', () => {
    expect([state.has(1), state.claim(1, 0), state.claim(1, 1), state.claim(1, 49)]).toEqual([
      ...[false, true, false, false],
    ]);
    expect(state.claim(1, 50)).toBe(true);
  });

  it('that has got far enough is asked without another look', () => {
    state.answered(7);
    expect([state.has(7), state.has(8)]).toEqual([true, false]);
    expect([1, 2, 3].map((now) => state.claim(7, now))).toEqual([true, true, true]);
  });

  it('that is behind is looked at again after a moment', () => {
    expect(state.claim(8, 0)).toBe(true);
    state.answered(7);
    expect([state.claim(8, 10), state.claim(7, 10), state.claim(8, 60)]).toEqual([false, true, true]);
  });

  it('that does not answer is left alone, twice as long each time, and never longer than half a minute', () => {
    const pauses = Array.from({ length: 9 }, () => state.failed(0, () => 1));
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect([state.claim(0, 29_999), state.isAway]).toEqual([false, true]);
  });

  it('that failed is tried by one request at a time, and then from nothing', () => {
    state.answered(7);
    state.failed(0, () => 1);
    expect([state.claim(7, 499), state.claim(7, 500), state.claim(7, 600)]).toEqual([false, true, false]);
    state.answered(5);
    expect([state.has(5), state.has(7), state.isAway]).toEqual([true, false, false]);
    expect(state.failed(1_000, () => 1)).toBe(500);
  });

  it('that shows less than before, as a restored one does, is believed', () => {
    state.answered(7);
    state.answered(3);
    expect(state.has(7)).toBe(false);
  });
});
