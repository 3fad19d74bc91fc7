import { Injectable } from '@nestjs/common';
import type { BarValues } from '../../bars/bar.types.js';
import { etagOf, requireMatch } from '../../common/etag.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { StocksService } from '../../stocks/stocks.service.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import type { CommitReport, Proposals, RevisionKind } from '../../versioning/versioning.types.js';
import { barEverExisted, correctedBar, proposedBar, withdrawnBar } from './bar-change.queries.js';
import { BARS } from '../bars.types.js';
import { oneBar } from '../read/bars.queries.js';
import { ReadBarsService, shownTime } from '../read/read-bars.service.js';
import { BarNotFound } from '../stock-data.errors.js';
import type { BarChange, ChangedBarText } from '../stock-data.types.js';

/** A bar's change with what was looked up for it. */
interface PreparedChange extends BarChange {
  readonly seriesId: number;
  readonly kind: RevisionKind;
  readonly proposals: Proposals;
}

/** What a change did: its report, the bar before it, and what a dry run of a correction would make of it. */
interface FinishedChange extends CommitReport {
  readonly before: string | null;
  readonly after: string;
}

/** Corrects and withdraws single bars, each as a revision of its own. */
@Injectable()
export class ChangeBarService {
  constructor(
    private readonly stocks: StocksService,
    private readonly versioning: VersioningService,
    private readonly bars: ReadBarsService,
    private readonly history: StoreHistory,
  ) {}

  /**
   * Replaces the prices of a bar that exists, or of one that was withdrawn. The same prices again change nothing.
   *
   * **Shape**: the bar as it now stands (or would, after a dry run) and the revision that brought it.
   * **Errors**: `StockNotFound`, `BranchNotFound`, `BranchMerged`, `BranchDiscarded`, `BarNotFound`, `StaleResource`.
   */
  async correct(change: BarChange, values: BarValues): Promise<ChangedBarText> {
    return this.history.settled(() => this.correctOnce(change, values));
  }

  private async correctOnce(change: BarChange, values: BarValues): Promise<ChangedBarText> {
    const seriesId = await this.seriesId(change);
    const proposals = correctedBar(seriesId, change.ts, values);
    const { head, after, consequences } = await this.commit({
      ...change,
      ...{ seriesId, kind: 'correction', proposals },
    });
    if (change.dryRun) return { json: after, revision: null, consequences };
    // As of this commit: the next one may be done before the answer is read.
    return this.bars.one({ ...change, asOf: { revision: head } }, change.ts);
  }

  /**
   * Takes a bar away from its branch; earlier revisions still show it.
   *
   * **Shape**: the bar as it stood, and the revision that withdrew it. **Errors**: as {@link correct}.
   */
  async withdraw(change: BarChange): Promise<ChangedBarText> {
    return this.history.settled(() => this.withdrawOnce(change));
  }

  private async withdrawOnce(change: BarChange): Promise<ChangedBarText> {
    const seriesId = await this.seriesId(change);
    const proposals = withdrawnBar(seriesId, change.ts);
    const { revision, withdrawn, before, consequences } = await this.commit({
      ...change,
      ...{ seriesId, kind: 'withdrawal', proposals },
    });
    if (withdrawn === 0 || before === null)
      throw new BarNotFound(change.symbol, shownTime(change, change.ts));
    return { json: before, revision, consequences };
  }

  private async commit(change: PreparedChange): Promise<FinishedChange> {
    const { branch, kind, message, authorId, dryRun, proposals } = change;
    let before: string | null = null;
    let after = '';
    const report = await this.versioning.commit(
      BARS,
      { branch, kind, source: 'http', message, authorId, dryRun },
      {
        stage: async (tx) => {
          if (dryRun && kind === 'correction')
            after = String((await tx.runOne(proposedBar(change.interval, proposals)))[0]);
          return proposals;
        },
        verify: async (tx) => {
          before = await this.verify(tx, change);
        },
      },
    );
    return { ...report, before, after };
  }

  /** The bar as it stands, as JSON; null if it is withdrawn. Looked at under the commit lock, so nobody comes between. */
  private async verify(tx: SqlTransaction, change: PreparedChange): Promise<string | null> {
    const point = await this.versioning.readPoint(change.branch);
    const { seriesId, interval, ts } = change;
    // The number was remembered; what is written by it must not be another stock's.
    await this.stocks.requireSeries(tx, change);
    const [, json, revision] = await tx.runOne(oneBar({ seriesId, interval, point, ts }));
    if (json === null) {
      const [known] = await tx.run(barEverExisted(seriesId, ts, point.lineage));
      if (known === undefined) throw new BarNotFound(change.symbol, shownTime(change, ts));
    }
    requireMatch(change.ifMatch, etagOf(Number(revision)));
    return json as string | null;
  }

  private async seriesId(change: BarChange): Promise<number> {
    const seriesId = await this.stocks.seriesId(change.symbol, change.interval);
    if (seriesId === null) throw new BarNotFound(change.symbol, shownTime(change, change.ts));
    return seriesId;
  }
}
