import { DomainError, type ErrorItem } from '../../common/errors.js';
import { exactJson } from '../../common/json-text.js';

/** Why a citation is not taken. */
export type CitationCode =
  | 'as-of-before-first-revision'
  | 'as-of-in-future'
  | 'citation-bar-not-found'
  | 'citation-branch-discarded'
  | 'citation-look-ahead'
  | 'citation-misquoted'
  | 'citation-symbol-not-tracked';

/** One thing wrong with one citation. **Shape**: `value` is what the field really is, as exact text; null when the bar does not say. */
export interface CitationProblem extends ErrorItem {
  readonly code: CitationCode;
  readonly value?: string | null;
  /** The branch that was read; absent where none was. */
  readonly branch?: string;
}

/** A citation is fixed at a moment before anything was stored. */
export class CitationBeforeFirstRevision extends DomainError {
  constructor(problems: readonly CitationProblem[]) {
    super('invalid', 'as-of-before-first-revision', sentence(problems), extra(problems));
  }
}

/** A citation is fixed at a revision that is not there yet. */
export class CitationInFuture extends DomainError {
  constructor(problems: readonly CitationProblem[]) {
    super('invalid', 'as-of-in-future', sentence(problems), extra(problems));
  }
}

/** The branch shows no such bar at the revision that is cited. */
export class CitedBarNotFound extends DomainError {
  constructor(problems: readonly CitationProblem[]) {
    super('refused', 'citation-bar-not-found', sentence(problems), extra(problems));
  }
}

/** The conversation is about a branch that was given up. */
export class CitedBranchDiscarded extends DomainError {
  constructor(problems: readonly CitationProblem[]) {
    super('refused', 'citation-branch-discarded', sentence(problems), extra(problems));
  }
}

/** The citation is of something newer than what the conversation is fixed at. */
export class CitationLookAhead extends DomainError {
  constructor(problems: readonly CitationProblem[]) {
    super('refused', 'citation-look-ahead', sentence(problems), extra(problems));
  }
}

/** The bar says another value than the citation. The true one is in the answer. */
export class CitationMisquoted extends DomainError {
  constructor(problems: readonly CitationProblem[]) {
    super('refused', 'citation-misquoted', sentence(problems), extra(problems));
  }
}

/** Nobody tracks the symbol. */
export class CitedSymbolNotTracked extends DomainError {
  constructor(problems: readonly CitationProblem[]) {
    super('refused', 'citation-symbol-not-tracked', sentence(problems), extra(problems));
  }
}

const ERRORS: Readonly<Record<CitationCode, new (problems: readonly CitationProblem[]) => DomainError>> = {
  'as-of-before-first-revision': CitationBeforeFirstRevision,
  'as-of-in-future': CitationInFuture,
  'citation-bar-not-found': CitedBarNotFound,
  'citation-branch-discarded': CitedBranchDiscarded,
  'citation-look-ahead': CitationLookAhead,
  'citation-misquoted': CitationMisquoted,
  'citation-symbol-not-tracked': CitedSymbolNotTracked,
};

/** One error for everything that is wrong with the citations of a message, with the code of the first. */
export function citationsRefused(problems: readonly [CitationProblem, ...CitationProblem[]]): DomainError {
  return new ERRORS[problems[0].code](problems);
}

function sentence([first, ...others]: readonly CitationProblem[]): string {
  const text = `Citation refused: ${first?.path} ${first?.message}.`;
  return others.length === 0 ? text : `${text} ${others.length} more: see errors.`;
}

function extra(problems: readonly CitationProblem[]) {
  return {
    errors: problems.map(({ path, message }) => ({ path, message })),
    details: {
      citations: problems.map(({ path, code, branch, value }) => ({
        path,
        code,
        ...(branch === undefined ? {} : { branch }),
        // As a JSON number with all its digits, as bars have it.
        ...(value === undefined ? {} : { value: value === null ? null : exactJson(value) }),
      })),
    },
  };
}
