import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Patience, queueOf } from './queues.js';

const correction = queueOf({ kind: 'correction', dryRun: false });

describe('what is left of the patience of a commit', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('is what it did not wait in the queue', () => {
    const patience = new Patience(correction);
    jest.advanceTimersByTime(50_000);
    expect(patience.leftMs).toBe(correction.patienceMs - 50_000);
  });

  it('does not shrink while it compares', () => {
    const patience = new Patience(correction);
    const { leftMs } = patience;
    jest.advanceTimersByTime(100_000);
    expect(patience.leftMs).toBe(leftMs);
  });

  it('is never nothing', () => {
    const patience = new Patience(correction);
    jest.advanceTimersByTime(correction.patienceMs);
    expect(patience.leftMs).toBeGreaterThan(0);
  });

  it('is all of it for an import, which waits for other imports before', () => {
    const patience = new Patience(queueOf({ kind: 'import', dryRun: false }));
    jest.advanceTimersByTime(500_000);
    expect(patience.leftMs).toBe(correction.patienceMs);
  });
});
