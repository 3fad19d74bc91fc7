import { Injectable } from '@nestjs/common';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { RowOwner } from '../../database/own-rows.js';
import { SqlService } from '../../database/sql.service.js';
import { QuotesService } from '../../stock-data/quotes/quotes.service.js';
import type { AskedBar, QuotesPlace, ShownQuotes } from '../../stock-data/quotes/quotes.types.js';
import { AsOfBeforeFirst, AsOfInFuture } from '../../versioning/versioning.errors.js';
import { VersioningService, type AsOf } from '../../versioning/versioning.service.js';
import { citationsRefused, type CitationCode, type CitationProblem } from './citations.errors.js';
import type { PinnedCitations } from './citations.types.js';
import type { CitationRequest } from './dto/citation.dto.js';
import { quoteProblem, unshown, type LookedUp } from './pin/quote-problem.js';
import {
  askedBars,
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
    private readonly sql: SqlService,
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
   * What earlier looks found of what is quoted; null when no price is quoted or anything is not known. It may be outdated: whoever stores
   * it asks the database for place and history.
   */
  known(prepared: PreparedCitations, place: QuotesPlace): ShownQuotes | null {
    const asked = askedBars(prepared);
    return asked.length === 0 ? null : this.quotes.known(place, asked);
  }

  /** The same by a look as `owner`; null when no price is quoted or there is no such place. */
  async shownAs(
    owner: RowOwner,
    prepared: PreparedCitations,
    place: QuotesPlace,
  ): Promise<ShownQuotes | null> {
    const asked = askedBars(prepared);
    if (asked.length === 0) return null;
    return this.quotes.shown(place, asked, await this.sql.readAs(owner, QuotesService.look(place, asked)));
  }

  /**
   * Pins what is quoted, inside the transaction that stores the message: looks there, and keeps revisions from becoming visible to the
   * end. **Errors**: those of {@link citationsRefused}, one error for all that is wrong.
   */
  async pin(tx: SqlTransaction, prepared: PreparedCitations, place: QuotesPlace): Promise<PinnedCitations> {
    const found = lookedUpIn(prepared, await this.shownIn(tx, place, askedBars(prepared)));
    if (found === null) throw new Error('what is quoted was not looked at');
    refuse(await this.problems(tx, found));
    return pinnedIn(prepared, found);
  }

  private async shownIn(
    tx: SqlTransaction,
    place: QuotesPlace,
    asked: readonly AskedBar[],
  ): Promise<ShownQuotes | null> {
    if (asked.length === 0) return null;
    const [, rows] = await tx.runTogether(VersioningService.holdHead(), QuotesService.look(place, asked));
    return this.quotes.shown(place, asked, rows);
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
