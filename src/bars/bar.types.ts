/** The lengths of bar that are kept. `1d` bars are keyed by a trading day, the others by an instant. */
export const INTERVALS = ['1d', '1m', '5m', '15m', '1h'] as const;
export type Interval = (typeof INTERVALS)[number];

/** Matches a symbol after it was upper-cased. Held by the database too. */
export const SYMBOL_PATTERN = /^[A-Z0-9.^=-]{1,10}$/;

/**
 * What a bar says, as exact decimal text in canonical form; null where nothing is known.
 *
 * **Units**: prices in the stock's currency, volume in shares.
 */
export interface BarValues {
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string;
  readonly adjClose: string | null;
  readonly volume: string | null;
}
