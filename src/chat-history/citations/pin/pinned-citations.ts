import type { AskedBar, ShownQuotes } from '../../../stock-data/quotes/quotes.types.js';
import type { Pin, PinnedCitations, QuotedAt } from '../citations.types.js';
import { quoteProblem, type LookedUp } from './quote-problem.js';
import { currentCitation, pinnedCitation, type Quotation } from './stored-citation.js';

/** Above every revision, and below the open end of a version. */
const NOW = Number.MAX_SAFE_INTEGER;

/** A citation in its place: JSON text as it was requested, and what it quotes. */
export interface PreparedCitation {
  readonly json: string;
  readonly quotation: Quotation | null;
  /** The revision that the citation's own `asOf` means; null without one. */
  readonly ownRevision: number | null;
}

/** Citations of a message that is about to be stored. */
export interface PreparedCitations {
  /** JSON array of them as they were requested: what a retry is compared by. */
  readonly requested: string;
  readonly items: readonly PreparedCitation[];
}

/** The bars that are quoted. What is found of them is for {@link pinnedBy} and {@link lookedUpIn}. */
export function askedBars(prepared: PreparedCitations): readonly AskedBar[] {
  return quotationsOf(prepared).map(({ quotation: { symbol, interval, ts, field }, ownRevision }) => {
    return { symbol, interval, ts, field, revision: ownRevision ?? NOW };
  });
}

/**
 * Pins what is quoted, by what was found; null when anything is wrong with it.
 *
 * Head, branch and every version come from one statement, so from one snapshot: the pin is exact for the newest revision of that
 * moment. A correction that commits a moment later finds the pin by its key like any other: the citation is then restated, never lost.
 */
export function pinnedBy(prepared: PreparedCitations, shown: ShownQuotes | null): PinnedCitations | null {
  const found = lookedUpIn(prepared, shown);
  return found === null || found.some((it) => quoteProblem(it) !== null) ? null : pinnedIn(prepared, found);
}

/** What of a message quotes prices, with its place. */
function quotationsOf({ items }: PreparedCitations) {
  return items.flatMap((item, ordinal) =>
    item.quotation === null ? [] : [{ ...item, quotation: item.quotation, ordinal }],
  );
}

/** What was found, each beside its quotation. **Shape**: empty when no price is quoted; null when there is no such place. */
export function lookedUpIn(
  prepared: PreparedCitations,
  shown: ShownQuotes | null,
): readonly LookedUp[] | null {
  const quoted = quotationsOf(prepared);
  if (quoted.length === 0) return [];
  if (shown === null) return null;
  const { quotes, atMost, ...place } = shown;
  return quoted.map(({ quotation, ownRevision, ordinal }, index) => {
    const quote = quotes[index];
    if (quote === undefined) throw new Error('a quotation was asked for and not answered');
    const path = `citations.${ordinal}`;
    return { ...place, path, ordinal, quotation, ownRevision, fixedAt: atMost, quote, shownSince: null };
  });
}

/** Citations whose quotations are all right, with the versions that they quote. */
export function pinnedIn(prepared: PreparedCitations, found: readonly LookedUp[]): PinnedCitations {
  const texts = prepared.items.map(({ json }) => json);
  const shown = [...texts];
  const pins = found.flatMap(({ ordinal, quotation, quote: { version, seriesId } }): readonly Pin[] => {
    if (version === null || seriesId === null) return [];
    const text = pinnedCitation(quotation, version);
    texts[ordinal] = text;
    shown[ordinal] = currentCitation(text);
    const { branchId, revision, isEnded } = version;
    return [{ ordinal, seriesId, branchId, ts: quotation.ts, revision, isLate: isEnded }];
  });
  return { json: joined(texts), shown: joined(shown), pins, at: quotedAt(found) };
}

function quotedAt([first]: readonly LookedUp[]): QuotedAt | null {
  if (first === undefined) return null;
  const { history, head, branchStamp, fixedAt } = first;
  return { history, head, branchStamp, atMost: fixedAt };
}

/** A JSON array of texts that are JSON. */
export function joined(items: readonly string[]): string {
  return `[${items.join(',')}]`;
}
