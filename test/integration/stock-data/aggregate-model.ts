import type { AggregateInterval } from '../../../src/stock-data/aggregate/aggregate.types.js';

/** A bar as a test keeps it: exact decimal texts, the time as the service shows it. */
export interface ModelBar {
  readonly at: string;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string;
  readonly adjClose: string | null;
  readonly volume: string | null;
}

/** Prices of tests have eight decimals at most. */
const SCALE = 8;

function scaled(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(SCALE, '0'));
}

/** The price of a whole number of the smallest unit, as the service writes prices. */
export function priceText(units: number): string {
  const digits = String(units).padStart(SCALE + 1, '0');
  const fraction = digits.slice(-SCALE).replace(/0+$/, '');
  return digits.slice(0, -SCALE) + (fraction === '' ? '' : `.${fraction}`);
}

/** When the bucket of an instant begins, by the calendar and the clock, step by step. */
function bucketOf(interval: AggregateInterval, at: string): string {
  const date = new Date(at);
  if (interval === '1mo') return `${at.slice(0, 7)}-01`;
  if (interval === '1w') {
    while (date.getUTCDay() !== 1) date.setUTCDate(date.getUTCDate() - 1);
    return date.toISOString().slice(0, 10);
  }
  const minutes = { '5m': 5, '15m': 15, '1h': 60 }[interval];
  while (date.getUTCMinutes() % minutes !== 0) date.setUTCMinutes(date.getUTCMinutes() - 1);
  return `${date.toISOString().slice(0, 16)}:00Z`;
}

function extreme(values: readonly (string | null)[], isBetter: (a: bigint, b: bigint) => boolean) {
  let best: string | null = null;
  for (const value of values) {
    if (value === null) return null;
    if (best === null || isBetter(scaled(value), scaled(best))) best = value;
  }
  return best;
}

function sum(values: readonly (string | null)[]): string | null {
  return values.reduce<string | null>(
    (total, value) => (total === null || value === null ? null : String(BigInt(total) + BigInt(value))),
    '0',
  );
}

/** Bars of a longer interval as a naive mind makes them: all bars into heaps, each heap looked through. Oldest first. */
export function aggregated(interval: AggregateInterval, bars: readonly ModelBar[]): ModelBar[] {
  const heaps = new Map<string, ModelBar[]>();
  for (const bar of [...bars].sort((a, b) => (a.at < b.at ? -1 : 1))) {
    const bucket = bucketOf(interval, bar.at);
    heaps.set(bucket, [...(heaps.get(bucket) ?? []), bar]);
  }
  return [...heaps].map(([at, heap]) => {
    const [first, last] = [heap[0], heap.at(-1)];
    if (first === undefined || last === undefined) throw new Error('a heap of nothing');
    return {
      at,
      open: first.open,
      high: extreme(
        heap.map(({ high }) => high),
        (a, b) => a > b,
      ),
      low: extreme(
        heap.map(({ low }) => low),
        (a, b) => a < b,
      ),
      close: last.close,
      adjClose: last.adjClose,
      volume: sum(heap.map(({ volume }) => volume)),
    };
  });
}
