import { INTERVALS, type Interval } from '../../bars/bar.types.js';
import type { BarRange } from '../stock-data.types.js';

/** Intervals that no bar is stored at: read only, always computed. */
export const COMPUTED_ONLY_INTERVALS = ['1w', '1mo'] as const;

/** Intervals that bars can be computed at. Those of the second line may be stored as well. */
export const AGGREGATE_INTERVALS = [...COMPUTED_ONLY_INTERVALS, '5m', '15m', '1h'] as const;
export type AggregateInterval = (typeof AGGREGATE_INTERVALS)[number];

/** `?source=`: bars as they were imported, or bars computed from shorter ones. */
export const BAR_SOURCES = ['stored', 'computed'] as const;
export type BarSource = (typeof BAR_SOURCES)[number];

/**
 * What a bar of each interval is made of. **Units**: `most` is source bars in one bucket if each lies on its own day or minute;
 * a read that meets more reads on.
 */
export const AGGREGATES: Readonly<
  Record<AggregateInterval, { readonly from: Interval; readonly shownAs: Interval; readonly most: number }>
> = {
  '1w': { from: '1d', shownAs: '1d', most: 7 },
  '1mo': { from: '1d', shownAs: '1d', most: 31 },
  '5m': { from: '1m', shownAs: '5m', most: 5 },
  '15m': { from: '1m', shownAs: '15m', most: 15 },
  '1h': { from: '1m', shownAs: '1h', most: 60 },
};

/** What a list of bars asks for that can be computed. **Shape**: without `source`, stored bars where there are any. */
export interface AggregateRange extends Omit<BarRange, 'interval' | 'source'> {
  readonly interval: AggregateInterval;
  readonly source: BarSource | undefined;
}

/** What any list of bars asks for. `1d` and `1m` are stored only, whatever the source. */
export type ListRange = AggregateRange | (BarRange & { readonly interval: '1d' | '1m' });

/** True for an interval that can be computed. */
export function isAggregateInterval(interval: string): interval is AggregateInterval {
  return interval in AGGREGATES;
}

/** True for a range of such an interval. */
export function isAggregate(range: ListRange): range is AggregateRange {
  return isAggregateInterval(range.interval);
}

/** What is wrong with an interval that bars are to be stored at; undefined when it is not one that is computed. */
export function notStoredText(interval: unknown): string | undefined {
  if (!isComputedOnly(String(interval))) return undefined;
  return `must be an interval that is stored (${INTERVALS.join(', ')}): ${String(interval)} is computed from 1d when a list is read`;
}

/** True for an interval that is never stored. */
export function isComputedOnly(interval: string): boolean {
  return COMPUTED_ONLY_INTERVALS.some((name) => name === interval);
}
