import { Injectable } from '@nestjs/common';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Row, Statement } from '../../database/statement.js';
import { KnownQuotes } from './known-quotes.js';
import {
  changedJoin,
  describedJoin,
  shownBehind,
  shownVersions,
  standingJoin,
  touchedBy,
} from './quotes.queries.js';
import type { AskedBar, QuotesPlace, SaidBar, ShownQuote, ShownQuotes } from './quotes.types.js';

/** For features that quote bars: which version of a bar a read shows, and how a version stands that was quoted before. */
@Injectable()
export class QuotesService {
  private readonly knownQuotes = new KnownQuotes();

  /**
   * What an earlier look found at what was the newest revision then; null when anything that is asked for is not known. Whoever relies on
   * it asks the database whether history and place are still the same: see {@link KnownQuotes}.
   */
  known(place: QuotesPlace, asked: readonly AskedBar[]): ShownQuotes | null {
    return this.knownQuotes.find(place, asked);
  }

  /**
   * A statement that finds what reads of a branch show of many bars. Its rows are for {@link shown}.
   *
   * **Why** no call: its caller runs it as somebody, or in a transaction that holds locks, where a second connection might be one that
   * never comes.
   */
  static look(place: QuotesPlace, asked: readonly AskedBar[]): Statement {
    return shownVersions(place, asked);
  }

  /** What came of {@link look}. **Shape**: `quotes` in the order in which they were asked for; null when there is no place. */
  shown(place: QuotesPlace, asked: readonly AskedBar[], rows: readonly Row[]): ShownQuotes | null {
    const [first] = rows;
    if (first === undefined) return null;
    const [history, status, name, branchId, branchStamp, atMost] = first;
    const shown = {
      history: String(history),
      head: Number.parseInt(String(history), 10),
      branch: String(name),
      branchId: Number(branchId),
      branchStamp: String(branchStamp),
      branchStatus: String(status),
      atMost: atMost as number | null,
      quotes: rows.map(shownQuote),
    };
    this.knownQuotes.keep(place, asked, shown);
    return shown;
  }

  /**
   * Which revision behind its own first brought what is said of each bar, also when that is gone again. **Shape**: in the order of `said`;
   * null for what no revision brought. For refusals only: a quotation that is right needs no second look.
   */
  async shownBehind(
    tx: SqlTransaction,
    branchId: number,
    said: readonly SaidBar[],
  ): Promise<readonly (number | null)[]> {
    const rows = await tx.run(shownBehind(branchId, said));
    return rows.map(([revision]) => revision as number | null);
  }

  /**
   * SQL that joins how a quoted version stands now, for statements of features that keep such versions; see the statement for its
   * columns. **Why** not a call: the lists that show quotations are one statement each, and must see bars and quotations at one moment.
   */
  static standing(pin: string, alias: string): string {
    return standingJoin(pin, alias);
  }

  /** SQL that joins the revisions that changed a quoted bar since; see the statement. */
  static changed(pin: string, alias: string): string {
    return changedJoin(pin, alias);
  }

  /** SQL of a relation of what a revision touched; see there. */
  static touched(revision: string, alias: string): string {
    return touchedBy(revision, alias);
  }

  /** SQL that joins what bar a quoted version is of; see the statement for its columns. */
  static described(pin: string, alias: string): string {
    return describedJoin(pin, alias);
  }
}

function shownQuote(row: Row): ShownQuote {
  const [, , , , , , isTracked, seriesId, branchId, branch, revision, json, value, isEnded] = row;
  return {
    isTracked: isTracked === true,
    seriesId: seriesId as number | null,
    version:
      typeof json === 'string'
        ? {
            branchId: Number(branchId),
            branch: String(branch),
            revision: Number(revision),
            json,
            value: value as string | null,
            isEnded: isEnded === true,
          }
        : null,
  };
}
