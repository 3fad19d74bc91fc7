import type { ShownQuote } from '../../../stock-data/quotes/quotes.types.js';
import type { CitationProblem } from '../citations.errors.js';
import type { Quotation } from './stored-citation.js';

/** A quotation in its place, and what the branch shows of it. */
export interface LookedUp {
  readonly path: string;
  readonly quotation: Quotation;
  /** The revision that the citation itself asks for; null when it asks for none. */
  readonly ownRevision: number | null;
  /** What the conversation is fixed at; null when it is not. */
  readonly fixedAt: number | null;
  readonly head: number;
  /** The branch of the conversation. */
  readonly branch: string;
  readonly branchStatus: string;
  readonly quote: ShownQuote;
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

function barProblem(it: LookedUp): CitationProblem | null {
  const { path, quotation, ownRevision, fixedAt, quote, branch } = it;
  const { symbol, time } = quotation;
  if (!quote.isTracked) {
    const message = `is ${symbol}, which is not tracked`;
    return { path: `${path}.symbol`, code: 'citation-symbol-not-tracked', message };
  }
  if (quote.version !== null) return valueProblem(it, quote.version.value);
  const timePath = `${path}.${quotation.interval === '1d' ? 'date' : 'ts'}`;
  if (ownRevision === null && fixedAt !== null && quote.now !== null) {
    const message = `names a bar of ${symbol} that was not known on branch ${branch} at revision ${fixedAt}, which the conversation is fixed at`;
    return { path: timePath, code: 'citation-look-ahead', message };
  }
  const at = ownRevision ?? fixedAt;
  const message = `names no bar of ${symbol}: there is none at ${time} on branch ${branch}${at === null ? '' : ` as of revision ${at}`}`;
  return { path: timePath, code: 'citation-bar-not-found', message };
}

function valueProblem(
  { path, quotation, ownRevision, fixedAt, quote, branch }: LookedUp,
  value: string | null,
): CitationProblem | null {
  const said = quotation.value;
  if (said === null || said === value) return null;
  const { symbol, field, time } = quotation;
  const truth = `the ${field} of ${symbol} at ${time} on branch ${branch} is ${value ?? 'not known'}`;
  if (ownRevision === null && fixedAt !== null && quote.now?.value === said) {
    const message = `is ${said}, which was not known at revision ${fixedAt}, which the conversation is fixed at: then ${truth}`;
    return { path: `${path}.value`, code: 'citation-look-ahead', message, value };
  }
  return { path: `${path}.value`, code: 'citation-misquoted', message: `is ${said}, but ${truth}`, value };
}
