import type { ErrorItem } from '../common/errors.js';
import { BarReader } from './bar-reader.js';
import type { BarValues, Interval, RowError } from './bar.types.js';

/** What a client says a bar is: numbers as their own text. */
export interface BarInput {
  readonly date?: string | undefined;
  readonly ts?: string | undefined;
  readonly open?: string | null | undefined;
  readonly high?: string | null | undefined;
  readonly low?: string | null | undefined;
  readonly close: string;
  readonly adjClose?: string | null | undefined;
  readonly volume?: string | null | undefined;
}

/**
 * Checks one bar by the same rules as a file of them. A time in the body must be the one of the address.
 *
 * **Shape**: the values in canonical form, or everything that is wrong.
 */
export function readBar(
  at: { readonly symbol: string; readonly interval: Interval; readonly ts: string },
  input: BarInput,
): { readonly values: BarValues } | { readonly errors: readonly ErrorItem[] } {
  const errors: RowError[] = [];
  const daily = at.interval === '1d';
  const said = daily ? input.date : input.ts;
  const reader = new BarReader({ interval: at.interval, dateFormat: undefined, symbol: at.symbol });
  const row = reader.read(
    {
      date: daily ? at.ts.slice(0, 10) : at.ts,
      time: undefined,
      symbol: undefined,
      open: input.open ?? '',
      high: input.high ?? '',
      low: input.low ?? '',
      close: input.close,
      adjClose: input.adjClose ?? '',
      volume: input.volume ?? '',
    },
    1,
    errors,
  );
  const items = errors.map(({ field, message }) => ({ path: field, message }));
  if (said !== undefined && !sameTime(said, at.ts, daily)) {
    items.push({ path: daily ? 'date' : 'ts', message: 'must be the one in the address' });
  }
  if (row === null || items.length > 0) return { errors: items };
  const { open, high, low, close, adjClose, volume } = row;
  return { values: { open, high, low, close, adjClose, volume } };
}

function sameTime(said: string, ts: string, daily: boolean): boolean {
  return daily ? said === ts.slice(0, 10) : Date.parse(said) === Date.parse(ts);
}
