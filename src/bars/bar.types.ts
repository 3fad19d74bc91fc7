/** The lengths of bar that are kept. `1d` bars are keyed by a trading day, the others by an instant. */
export const INTERVALS = ['1d', '1m', '5m', '15m', '1h'] as const;
export type Interval = (typeof INTERVALS)[number];

/** Matches a symbol after it was upper-cased. Held by the database too. */
export const SYMBOL_PATTERN = /^[A-Z0-9.^=-]{1,10}$/;

/** The same before. Looked at first, because upper-casing makes ASCII of some letters that are not: `ı` becomes `I`. */
export const SYMBOL_INPUT_PATTERN = /^[A-Za-z0-9.^=-]{1,10}$/;

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

/** The order of day and month, as declared by the sender. Undeclared means ISO, or what a vendor's own header implies. */
export type DateFormat = 'iso' | 'mdy' | 'dmy';

/** What the sender said about the file. */
export interface ParseOptions {
  readonly interval: Interval;
  readonly dateFormat: DateFormat | undefined;
  /** The one stock that every bar belongs to, in upper case; without it every record must name its own. */
  readonly symbol?: string | undefined;
}

/**
 * One bar as the file states it, checked and normalised.
 *
 * **Shape**: exactly one of `local` and `instant` is set. Numbers are exact decimal texts in canonical form: no sign, no
 * exponent, no leading zeros but the one before a point, no trailing zeros behind it.
 * **Units**: prices in the stock's currency, volume in shares.
 */
export interface ParsedRow extends BarValues {
  /** Counts from 1 with the header as the first line; for a JSON array it counts items. */
  readonly line: number;
  /** Upper case; null when `ParseOptions.symbol` says it for the whole file. */
  readonly symbol: string | null;
  /** `YYYY-MM-DD HH:MM:SS` without an offset, midnight for a daily bar: the time zone is applied later. */
  readonly local: string | null;
  /** `YYYY-MM-DDTHH:MM:SSZ`, when the file gave an offset. */
  readonly instant: string | null;
}

/** One thing wrong with one record. **Shape**: `field` is the contract's name of the field, or `row` for the record as a whole. */
export interface RowError {
  readonly line: number;
  readonly field: string;
  readonly message: string;
}
