import type { AggregateInterval } from './aggregate.types.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The length of buckets that all are as long, and an instant at which one begins: 1970-01-05 was a Monday. */
const EVEN: Readonly<
  Partial<Record<AggregateInterval, { readonly lengthMs: number; readonly originMs: number }>>
> = {
  '5m': { lengthMs: 5 * MINUTE_MS, originMs: 0 },
  '15m': { lengthMs: 15 * MINUTE_MS, originMs: 0 },
  '1h': { lengthMs: 60 * MINUTE_MS, originMs: 0 },
  '1w': { lengthMs: 7 * DAY_MS, originMs: 4 * DAY_MS },
};

/** From where on PostgreSQL would have to read an ISO year of more than four digits. No bar is later. */
const BEYOND_MS = Date.UTC(10_000, 0, 1);

/** The bounds of source bars that make up whole buckets. **Shape**: `from` inclusive, `before` exclusive; RFC 3339, null is open. */
export interface SourceBounds {
  readonly from: string | null;
  readonly before: string | null;
}

/** When the bucket begins that an instant lies in. **Units**: milliseconds since 1970, UTC. */
export function bucketStart(interval: AggregateInterval, at: number): number {
  const even = EVEN[interval];
  if (even === undefined) {
    const date = new Date(at);
    // Not `Date.UTC`, which takes the years 0 to 99 for 1900 to 1999.
    date.setUTCHours(0, 0, 0, 0);
    return date.setUTCDate(1);
  }
  return Math.floor((at - even.originMs) / even.lengthMs) * even.lengthMs + even.originMs;
}

/** When the bucket behind the one that begins at `start` begins. **Units**: as {@link bucketStart}. */
export function nextBucketStart(interval: AggregateInterval, start: number): number {
  const even = EVEN[interval];
  if (even !== undefined) return start + even.lengthMs;
  const date = new Date(start);
  return date.setUTCMonth(date.getUTCMonth() + 1);
}

/**
 * The source bars of the buckets whose names lie between two instants, both inclusive.
 *
 * A bucket is shown whole or not at all: a week that began before `from` is not in the range, and one that begins before `to` is,
 * with the days behind `to`.
 */
export function sourceBounds(
  interval: AggregateInterval,
  range: { readonly from: string | null; readonly to: string | null },
): SourceBounds {
  return {
    from: range.from === null ? null : instantText(firstBucketFrom(interval, Date.parse(range.from))),
    before:
      range.to === null
        ? null
        : instantText(nextBucketStart(interval, bucketStart(interval, Date.parse(range.to)))),
  };
}

function firstBucketFrom(interval: AggregateInterval, at: number): number {
  const start = bucketStart(interval, at);
  return start === at ? start : nextBucketStart(interval, start);
}

function instantText(at: number): string {
  return at >= BEYOND_MS ? 'infinity' : new Date(at).toISOString();
}
