import { Injectable } from '@nestjs/common';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { QuotesService } from '../../stock-data/quotes/quotes.service.js';
import { AsOfBeforeFirst, AsOfInFuture } from '../../versioning/versioning.errors.js';
import { VersioningService, type AsOf } from '../../versioning/versioning.service.js';
import { citationsRefused, type CitationCode, type CitationProblem } from './citations.errors.js';
import type { CitationPlace, Pin, PinnedCitations } from './citations.types.js';
import type { CitationRequest } from './dto/citation.dto.js';
import { quoteProblem, unshown, type LookedUp } from './pin/quote-problem.js';
import { pinnedCitation, plainCitation, quotationOf, type Quotation } from './pin/stored-citation.js';

/** Above every revision, and below the open end of a version. */
const NOW = Number.MAX_SAFE_INTEGER;

/** A citation in its place: JSON text as it was requested, and what it quotes. */
interface PreparedCitation {
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
   * Pins what is quoted, inside the transaction that stores the message.
   *
   * Head, branch and every version come from one statement, so from one snapshot: the pin is exact for the newest revision of that
   * moment. A correction that commits a moment later finds the pin by its key like any other: the citation is then restated, never lost.
   *
   * **Errors**: those of {@link citationsRefused}, one error for all that is wrong.
   */
  async pin(tx: SqlTransaction, prepared: PreparedCitations, place: CitationPlace): Promise<PinnedCitations> {
    const quoted = prepared.items.flatMap((item, ordinal) =>
      item.quotation === null ? [] : [{ ...item, quotation: item.quotation, ordinal }],
    );
    if (quoted.length === 0) return { json: prepared.requested, pins: [], head: 0 };
    const fixedAt = place.asOfRevision;
    const asked = quoted.map(({ quotation, ownRevision }) => ({
      ...quotation,
      revision: Math.min(ownRevision ?? NOW, fixedAt ?? NOW),
    }));
    const { quotes, ...shown } = await this.quotes.shown(tx, place.branchId, asked);
    const lookedUp = quoted.map(({ quotation, ownRevision, ordinal }, index) => {
      const quote = quotes[index];
      if (quote === undefined) throw new Error('a quotation was asked for and not answered');
      const path = `citations.${ordinal}`;
      return { ...shown, path, ordinal, quotation, ownRevision, fixedAt, quote, shownSince: null };
    });
    refuse(await this.problems(tx, place.branchId, lookedUp));
    const texts = prepared.items.map(({ json }) => json);
    const pins = lookedUp.flatMap(({ ordinal, quotation, quote: { version, seriesId } }): readonly Pin[] => {
      if (version === null || seriesId === null) return [];
      texts[ordinal] = pinnedCitation(quotation, version);
      const { branchId, revision, isEnded } = version;
      return [{ ordinal, seriesId, branchId, ts: quotation.ts, revision, isLate: isEnded }];
    });
    return { json: joined(texts), pins, head: shown.head };
  }

  /** What is wrong with quotations. Only when something is, it is asked whether that became known later. */
  private async problems(
    tx: SqlTransaction,
    branchId: number,
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
            branchId,
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

function joined(items: readonly string[]): string {
  return `[${items.join(',')}]`;
}
