import type { Interval } from '../../bars/bar.types.js';

/** A bar that is asked for, and at which revision of the branch. */
export interface AskedBar {
  readonly symbol: string;
  readonly interval: Interval;
  /** RFC 3339 UTC; midnight for a daily bar. */
  readonly ts: string;
  readonly revision: number;
  /** The member of the bar whose value is wanted. */
  readonly field: string;
}

/** Where bars are looked at, by SQL of what says so. **Shape**: `text` selects one row: the number of a branch, the last revision that may be seen there or null. */
export interface QuotesPlace {
  /** Unique for the text. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What is said of a bar that a branch does not show at a revision. */
export interface SaidBar {
  readonly seriesId: number;
  /** RFC 3339 UTC; midnight for a daily bar. */
  readonly ts: string;
  readonly revision: number;
  readonly field: string;
  /** What the field is said to be, as canonical decimal text; null when only the bar is named. */
  readonly value: string | null;
}

/** One version of a bar. */
export interface ShownVersion {
  /** The branch on which it stands: the one that was read, or an ancestor. */
  readonly branchId: number;
  readonly branch: string;
  /** `valid_from`: the revision that brought it. */
  readonly revision: number;
  /** The bar as JSON text. */
  readonly json: string;
  /** The asked field as exact text; null when the bar does not have it. */
  readonly value: string | null;
  /** Whether something else stands on its branch by now. */
  readonly isEnded: boolean;
}

/** What a branch shows of one bar. **Shape**: `seriesId` is null for a stock without bars of this interval. */
export interface ShownQuote {
  readonly isTracked: boolean;
  readonly seriesId: number | null;
  /** Null when the branch shows no bar at the revision. */
  readonly version: ShownVersion | null;
}

/** What a branch shows of many bars, all of one snapshot. */
export interface ShownQuotes {
  /** The newest revision of the snapshot, as `StoreHistory.newestRevision` writes it: the same text is the same history of prices. */
  readonly history: string;
  /** Its number. */
  readonly head: number;
  /** Name of the branch that was read. */
  readonly branch: string;
  readonly branchId: number;
  /** Tells the branch from one of another history, as `StoreHistory.branch` writes it. */
  readonly branchStamp: string;
  readonly branchStatus: string;
  /** The last revision that the place lets see; null for the newest. */
  readonly atMost: number | null;
  readonly quotes: readonly ShownQuote[];
}
