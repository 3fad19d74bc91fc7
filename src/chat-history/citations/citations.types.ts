import type { ShownQuotes } from '../../stock-data/quotes/quotes.types.js';

/** What of a bar can be quoted. */
export const QUOTED_FIELDS = ['open', 'high', 'low', 'close', 'adjClose', 'volume'] as const;
export type QuotedField = (typeof QUOTED_FIELDS)[number];

/** How a quoted version stands: still open on its branch, replaced, or taken away. */
export const CITATION_STATUSES = ['current', 'restated', 'withdrawn'] as const;

/** The version of a bar that one citation quotes: a row of `message_citations`. */
export interface Pin {
  /** Place among the citations of its message, from 0. */
  readonly ordinal: number;
  readonly seriesId: number;
  /** The branch on which the version stands, which may be an ancestor of the one that was read. */
  readonly branchId: number;
  /** Start of the bar, as the database writes instants. */
  readonly ts: string;
  /** `valid_from` of the version. */
  readonly revision: number;
  /** Whether the version had ended already: no revision to come will say so. */
  readonly isLate: boolean;
}

/** Citations that may be stored. */
export interface PinnedCitations {
  /** JSON array for `messages.citations`: as they are shown but for status and current bar. */
  readonly json: string;
  /** The same as they are shown while every quoted version is current. */
  readonly shown: string;
  readonly pins: readonly Pin[];
  /** Where prices were looked at; null without any. */
  readonly at: QuotedAt | null;
}

/** Where quoted prices were looked at, which must still be so when the message is stored. */
export type QuotedAt = Pick<ShownQuotes, 'history' | 'head' | 'branchStamp' | 'atMost'>;
