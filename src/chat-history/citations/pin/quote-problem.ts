import type { SaidBar, ShownQuote } from '../../../stock-data/quotes/quotes.types.js';
import type { CitationProblem } from '../citations.errors.js';
import type { Quotation } from './stored-citation.js';

/** A quotation in its place, and what the branch shows of it. */
export interface LookedUp {
  readonly path: string;
  /** Place among the citations of the message, from 0. */
  readonly ordinal: number;
  readonly quotation: Quotation;
  /** The revision that the citation itself asks for; null when it asks for none. */
  readonly ownRevision: number | null;
  /** What the conversation is fixed at; null when it is not. */
  readonly fixedAt: number | null;
  readonly history: string;
  readonly head: number;
  /** The branch of the conversation. */
  readonly branch: string;
  readonly branchId: number;
  readonly branchStamp: string;
  readonly branchStatus: string;
  readonly quote: ShownQuote;
  /** The first revision behind the one that was read which brought what the quotation says; null for none, or while nobody asked. */
  readonly shownSince: number | null;
}

/** What of a refused quotation may be known later; null where nothing can be: its conversation is not fixed, or there are no bars at all. */
export function unshown(it: LookedUp, problem: CitationProblem | null): SaidBar | null {
  const { quotation, ownRevision, fixedAt, quote } = it;
  const isUnshown = problem?.code === 'citation-bar-not-found' || problem?.code === 'citation-misquoted';
  if (!isUnshown || fixedAt === null || quote.seriesId === null) return null;
  return {
    ...{ seriesId: quote.seriesId, ts: quotation.ts, field: quotation.field },
    revision: ownRevision ?? fixedAt,
    // Of a bar that is not there, its being there is what became known.
    value: quote.version === null ? null : quotation.value,
  };
}

/** What is wrong with a quotation; null when it may be pinned. The first that holds, from the place to the value. */
export function quoteProblem(it: LookedUp): CitationProblem | null {
  const problem = momentProblem(it) ?? barProblem(it);
  return problem === null ? null : { ...problem, branch: it.branch };
}

/** What is wrong with branch or moment. */
function momentProblem(it: LookedUp): CitationProblem | null {
  const { path, ownRevision, fixedAt, head, branch } = it;
  if (it.branchStatus === 'discarded')
    return {
      path,
      code: 'citation-branch-discarded',
      message: `is of branch ${branch}, which was discarded`,
    };
  if (ownRevision !== null && ownRevision < 1) {
    const message = 'must not be before the first revision';
    return { path: `${path}.asOf`, code: 'as-of-before-first-revision', message };
  }
  if (ownRevision !== null && fixedAt !== null && ownRevision > fixedAt) {
    const message = `must not be newer than revision ${fixedAt}, which the conversation on branch ${branch} is fixed at`;
    return { path: `${path}.asOf`, code: 'citation-look-ahead', message };
  }
  if (ownRevision !== null && ownRevision > head) {
    const message = `must not be in the future; the newest revision is ${head}`;
    return { path: `${path}.asOf`, code: 'as-of-in-future', message };
  }
  return null;
}

/** Whether what the quotation says became known only after what the conversation is fixed at. */
function isAhead({ fixedAt, shownSince }: LookedUp): boolean {
  return fixedAt !== null && shownSince !== null && shownSince > fixedAt;
}

function barProblem(it: LookedUp): CitationProblem | null {
  const { path, quotation, ownRevision, fixedAt, quote, branch } = it;
  const { symbol, time } = quotation;
  if (!quote.isTracked) {
    const message = `is ${symbol}, which is not tracked`;
    return { path: `${path}.symbol`, code: 'citation-symbol-not-tracked', message };
  }
  if (quote.version !== null) return valueProblem(it, quote.version.value);
  const timePath = `${path}.${quotation.interval === '1d' ? 'date' : 'ts'}`;
  if (isAhead(it)) {
    const message = `names a bar of ${symbol} that was not known on branch ${branch} at revision ${fixedAt}, which the conversation is fixed at`;
    return { path: timePath, code: 'citation-look-ahead', message };
  }
  const at = ownRevision ?? fixedAt;
  const message = `names no bar of ${symbol}: there is none at ${time} on branch ${branch}${at === null ? '' : ` as of revision ${at}`}`;
  return { path: timePath, code: 'citation-bar-not-found', message };
}

function valueProblem(it: LookedUp, value: string | null): CitationProblem | null {
  const { path, quotation, fixedAt, branch } = it;
  const said = quotation.value;
  if (said === null || said === value) return null;
  const { symbol, field, time } = quotation;
  const truth = `the ${field} of ${symbol} at ${time} on branch ${branch} is ${value ?? 'not known'}`;
  if (isAhead(it)) {
    const message = `is ${said}, which was not known at revision ${fixedAt}, which the conversation is fixed at: then ${truth}`;
    return { path: `${path}.value`, code: 'citation-look-ahead', message, value };
  }
  return { path: `${path}.value`, code: 'citation-misquoted', message: `is ${said}, but ${truth}`, value };
}
