import { Injectable } from '@nestjs/common';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Row } from '../../database/statement.js';
import { QuotesService } from '../../stock-data/quotes/quotes.service.js';
import { AsOfBeforeFirst, AsOfInFuture } from '../../versioning/versioning.errors.js';
import { VersioningService, type AsOf } from '../../versioning/versioning.service.js';
import { citationsRefused, type CitationCode, type CitationProblem } from './citations.errors.js';
import type { PinnedCitations } from './citations.types.js';
import type { CitationRequest } from './dto/citation.dto.js';
import { quoteProblem, unshown, type LookedUp } from './pin/quote-problem.js';
import {
  joined,
  lookedUpIn,
  pinnedIn,
  type PreparedCitation,
  type PreparedCitations,
} from './pin/pinned-citations.js';
import { plainCitation, quotationOf } from './pin/stored-citation.js';

/** Resolves citations, holds quoted prices against what is stored, and pins them to the version that they quote. */
@Injectable()
export class CitationsService {
  constructor(
    private readonly versioning: VersioningService,
    private readonly quotes: QuotesService,
  ) {}

  /**
   * What can be done before the transaction that stores the message. An instant becomes a revision here, because finding it
   * waits for a commit that is just ending. Costs no statement without an instant.
   *
   * **Errors**: `CitationInFuture`, `CitationBeforeFirstRevision`.
   */
  async prepare(citations: readonly CitationRequest[]): Promise<PreparedCitations> {
    const problems: CitationProblem[] = [];
    const items: PreparedCitation[] = [];
    for (const [index, citation] of citations.entries()) {
      const quotation = citation.type === 'stock-data' ? quotationOf(citation) : null;
      const json = citation.type === 'stock-data' ? (quotation?.json ?? '') : plainCitation(citation);
      const resolved = await this.resolve(quotation?.asOf ?? null);
      if (typeof resolved === 'string') {
        const message =
          resolved === 'as-of-in-future'
            ? 'must not be in the future'
            : 'must not be before the first revision';
        problems.push({ path: `citations.${index}.asOf`, code: resolved, message });
      } else items.push({ json, quotation, ownRevision: resolved });
    }
    refuse(problems);
    return { requested: joined(items.map(({ json }) => json)), items };
  }

  /**
   * Pins what is quoted, inside the transaction that stores the message, by what a look there found. **Errors**: those of
   * {@link citationsRefused}, one error for all that is wrong.
   */
  async pin(tx: SqlTransaction, prepared: PreparedCitations, rows: readonly Row[]): Promise<PinnedCitations> {
    const found = lookedUpIn(prepared, rows);
    if (found === null) throw new Error('what is quoted was not looked at');
    refuse(await this.problems(tx, found));
    return pinnedIn(prepared, found);
  }

  /** What is wrong with quotations. Only when something is, it is asked whether that became known later. */
  private async problems(
    tx: SqlTransaction,
    quotations: readonly LookedUp[],
  ): Promise<readonly CitationProblem[]> {
    const doubted = quotations.flatMap((it) => {
      const said = unshown(it, quoteProblem(it));
      return said === null ? [] : [{ it, said }];
    });
    const since =
      doubted.length === 0
        ? []
        : await this.quotes.shownBehind(
            tx,
            quotations[0]?.branchId ?? 0,
            doubted.map(({ said }) => said),
          );
    const shownSince = new Map(doubted.map(({ it }, index) => [it, since[index] ?? null]));
    return quotations.flatMap((it) => quoteProblem({ ...it, shownSince: shownSince.get(it) ?? null }) ?? []);
  }

  /** The revision that an `asOf` means, or the code of what is wrong with it. */
  private async resolve(asOf: AsOf | null): Promise<number | null | CitationCode> {
    if (asOf === null) return null;
    if ('revision' in asOf) return asOf.revision;
    try {
      return (await this.versioning.readPoint(undefined, asOf)).revision;
    } catch (error) {
      if (error instanceof AsOfInFuture) return 'as-of-in-future';
      if (error instanceof AsOfBeforeFirst) return 'as-of-before-first-revision';
      throw error;
    }
  }
}

function refuse([first, ...others]: readonly CitationProblem[]): void {
  if (first !== undefined) throw citationsRefused([first, ...others]);
}
