import { describe, expect, it } from '@jest/globals';
import { bucketStart, nextBucketStart, sourceBounds } from './aggregate-bucket.format.js';
import { AGGREGATE_INTERVALS, type AggregateInterval } from './aggregate.types.js';

const startOf = (interval: AggregateInterval, at: string): string =>
  new Date(bucketStart(interval, Date.parse(at))).toISOString();

describe('a bucket', () => {
  it.each([
    ['1w', '2024-01-07T00:00:00Z', '2024-01-01T00:00:00.000Z'],
    ['1w', '2024-01-08T00:00:00Z', '2024-01-08T00:00:00.000Z'],
    ['1w', '1800-01-01T00:00:00Z', '1799-12-30T00:00:00.000Z'],
    ['1mo', '2024-02-29T23:59:59Z', '2024-02-01T00:00:00.000Z'],
    ['1mo', '0099-12-31T00:00:00Z', '0099-12-01T00:00:00.000Z'],
    ['5m', '2024-01-02T14:34:59Z', '2024-01-02T14:30:00.000Z'],
    ['15m', '2024-01-02T14:45:00Z', '2024-01-02T14:45:00.000Z'],
    ['1h', '1969-12-31T23:59:59Z', '1969-12-31T23:00:00.000Z'],
  ] as const)('of %s with %s begins at %s', (interval, at, start) => {
    expect(startOf(interval, at)).toBe(start);
  });

  it.each(AGGREGATE_INTERVALS)('of %s ends where the next one begins, for a thousand of them', (interval) => {
    let start = bucketStart(interval, Date.UTC(1999, 10, 30, 12, 34, 56));
    for (let n = 0; n < 1_000; n++) {
      const next = nextBucketStart(interval, start);
      expect([bucketStart(interval, next - 1), bucketStart(interval, next)]).toEqual([start, next]);
      start = next;
    }
  });
});

describe('the source bars of a range', () => {
  it('are those of the whole buckets that are named inside it', () => {
    expect(sourceBounds('1w', { from: '2024-01-02T00:00:00Z', to: '2024-01-15T23:59:59.999999Z' })).toEqual({
      from: '2024-01-08T00:00:00.000Z',
      before: '2024-01-22T00:00:00.000Z',
    });
    expect(sourceBounds('1mo', { from: '2024-01-01T00:00:00Z', to: '2024-01-01T23:59:59.999Z' })).toEqual({
      from: '2024-01-01T00:00:00.000Z',
      before: '2024-02-01T00:00:00.000Z',
    });
  });

  it('are open where the range is, and never behind a year that PostgreSQL reads', () => {
    expect(sourceBounds('1h', { from: null, to: null })).toEqual({ from: null, before: null });
    expect(sourceBounds('1mo', { from: null, to: '9999-12-31T23:59:59.999999Z' }).before).toBe('infinity');
  });
});
