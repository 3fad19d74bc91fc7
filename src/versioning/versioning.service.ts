import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SqlService } from '../database/sql.service.js';
import type { SqlTransaction } from '../database/sql-transaction.js';
import type { Statement } from '../database/statement.js';
import { branchLineage } from './branches/branches.queries.js';
import { Patience, queueOf } from './commit/queues.js';
import { takeTurn } from './commit/turn.js';
import { writeProposed } from './commit/write-proposed.js';
import { touchedSince } from './commit/commit.queries.js';
import { hasNoVersions } from './commit/first-rows.queries.js';
import { DryRunConsequences } from './commit/dry-run-consequences.service.js';
import { lineageAt, NOW, type Line } from './branches/lineage.types.js';
import {
  FINISH_LOCK,
  headRevision,
  patience,
  revisionAtInstant,
  waitForFinish,
} from './revisions/revisions.queries.js';
import { StoreHistory } from './points/store-history.service.js';
import type { FirstRows } from './commit/first-rows.types.js';
import { AsOfBeforeFirst, AsOfInFuture, BranchNotFound } from './versioning.errors.js';
import {
  MAIN_BRANCH,
  type CommitReport,
  type Proposals,
  type ReadPoint,
  type RevisionDraft,
  type VersionedTable,
} from './versioning.types.js';

/** A revision number, or an instant in RFC 3339. */
export type AsOf = { readonly revision: number } | { readonly instant: string };

/** The two parts of a commit that only its maker knows. */
export interface CommitWork {
  /** Receives, parses, checks, fills temporary tables; says what to write. No lock is held yet. */
  stage(tx: SqlTransaction): Promise<Proposals | FirstRows>;
  /** Looks, while no other commit can come between, at what the commit relies on; throws to give up. */
  verify?(tx: SqlTransaction): Promise<void>;
}

const REMEMBERED_LINES = 1_000;

/**
 * Commits changes to versioned tables as revisions, and turns "as of" and "branch" into a point to read from.
 */
@Injectable()
export class VersioningService {
  // Safe to keep as long as the history does: number and forks never change, no branch is ever removed. Its status is not here.
  private readonly lines = new LRUCache<string, Line>({ max: REMEMBERED_LINES });

  constructor(
    private readonly sql: SqlService,
    private readonly consequences: DryRunConsequences,
    private readonly history: StoreHistory,
  ) {
    history.onChange(() => this.lines.clear());
  }

  /**
   * The point that a read starts from.
   *
   * Costs no statement for "now" or a revision number on a branch already met: the reading statement returns the head of
   * its own snapshot, and {@link answeredRevision} compares.
   * **Errors**: `BranchNotFound`, `AsOfBeforeFirst`; `AsOfInFuture` for an instant.
   */
  async readPoint(branch: string = MAIN_BRANCH, asOf?: AsOf): Promise<ReadPoint> {
    const line = await this.rememberedLine(branch);
    const revision = asOf === undefined ? NOW : await this.resolve(asOf);
    return {
      branch: line.name,
      revision,
      lineage: lineageAt(line, revision),
      isNow: asOf === undefined,
    };
  }

  /**
   * The same for reads that may go back to before the first revision: 0 is what an empty store answers, and asked for with it shows
   * nothing ever after. **Errors**: as {@link readPoint}.
   */
  async pointFromZero(branch: string, asOf: AsOf | undefined): Promise<ReadPoint> {
    if (asOf === undefined || !('revision' in asOf) || asOf.revision > 0) return this.readPoint(branch, asOf);
    const point = await this.readPoint(branch);
    return { ...point, revision: 0, lineage: lineageAt(await this.rememberedLine(branch), 0), isNow: false };
  }

  /**
   * The revision that an answer names, given the head that its statement saw. **Errors**: `AsOfInFuture`.
   */
  answeredRevision(point: ReadPoint, head: number): number {
    if (point.isNow) return head;
    if (point.revision > head) throw new AsOfInFuture(String(point.revision), head);
    return point.revision;
  }

  /** The number of a branch. **Errors**: `BranchNotFound`. */
  async branchId(name: string): Promise<number> {
    return (await this.line(name)).id;
  }

  /**
   * Makes one revision of what `stage` proposes, in one transaction.
   *
   * The long part comes first (`stage`), before any lock is taken. Then commits take turns: what they rely on is looked at
   * (`verify`), the revision is numbered, the differences to what the branch shows are written, and the lock goes with
   * the commit. Nothing to change makes no revision. A dry run takes no lock.
   *
   * **Errors**: `BranchNotFound`, `BranchMerged`, `BranchDiscarded`, `TooManyWaiting`, those of `work`, those of the database;
   * `ScopesNotEmpty` for first rows that are not the first, or that are a dry run's. On any error nothing is stored.
   */
  async commit(table: VersionedTable, draft: RevisionDraft, work: CommitWork): Promise<CommitReport> {
    return this.history.settled(() => this.commitOnce(table, draft, work));
  }

  private async commitOnce(
    table: VersionedTable,
    draft: RevisionDraft,
    work: CommitWork,
  ): Promise<CommitReport> {
    const line = await this.line(draft.branch);
    const queue = queueOf(draft);
    const waits = new Patience(queue);
    return this.sql.transaction(async (tx) => {
      await tx.run(patience(waits.leftMs));
      const proposals = await work.stage(tx);
      await takeTurn(tx, line, draft.dryRun);
      await work.verify?.(tx);
      const report = await writeProposed(tx, {
        table,
        draft,
        line,
        proposals,
        consequences: this.consequences,
      });
      if (report.revision === null) tx.rollback();
      return report;
    }, queue);
  }

  /**
   * Whether a branch shows nothing in these scopes and never did. A moment later it may; a commit of {@link FirstRows} looks again
   * behind the lock. **Errors**: `BranchNotFound`.
   */
  async isEmpty(
    tx: SqlTransaction,
    input: { table: VersionedTable; branch: string; scopes: readonly number[] },
  ): Promise<boolean> {
    const lineage = lineageAt(await this.rememberedLine(input.branch), NOW);
    return (await tx.runOne(hasNoVersions(input.table, lineage, input.scopes)))[0] === true;
  }

  /**
   * A statement after which no revision becomes visible until its transaction ends; what is read behind it is read at the newest one.
   *
   * **Why**: who keeps a reference to a version must have committed it before a revision that ends the version is seen. Else
   * somebody who follows the revisions looks for such references a moment too early, and never again.
   */
  static holdHead(): Statement {
    return waitForFinish();
  }

  /** The number of the advisory lock by which {@link holdHead} does it, for functions of the database. It is taken shared, to the end. */
  static headLock(): string {
    return FINISH_LOCK;
  }

  /** The newest revision of all; 0 when there is none. */
  async head(tx: SqlTransaction): Promise<number> {
    return Number((await tx.runOne(headRevision()))[0]);
  }

  /**
   * Whether anything was committed to these scopes of a branch itself after a revision: what was read then may be outdated. Looked at in
   * `verify`, the answer holds until the commit.
   */
  async isTouchedSince(
    tx: SqlTransaction,
    input: { table: VersionedTable; branchId: number; scopes: readonly number[]; revision: number },
  ): Promise<boolean> {
    return (await tx.runOne(touchedSince(input)))[0] === true;
  }

  private async resolve(asOf: AsOf): Promise<number> {
    if ('revision' in asOf) {
      if (asOf.revision < 1) throw new AsOfBeforeFirst(String(asOf.revision));
      return asOf.revision;
    }
    const [head, revision, isFuture] = await this.sql.transaction(async (tx) => {
      await tx.run(waitForFinish());
      return tx.runOne(revisionAtInstant(asOf.instant));
    });
    if (isFuture === true) throw new AsOfInFuture(asOf.instant, Number(head));
    if (Number(revision) === 0) throw new AsOfBeforeFirst(asOf.instant);
    return Number(revision);
  }

  /** For reads that compare heads, and inside a transaction that looked the branch up before it began. */
  private async rememberedLine(name: string): Promise<Line> {
    return this.lines.get(name) ?? this.line(name);
  }

  /**
   * What never changes about a branch, looked up. **Why** never remembered for whoever writes or reads without comparing heads: after a
   * restore the number may be another branch's. **Errors**: `BranchNotFound`, `HistoryChanged`.
   */
  async line(name: string): Promise<Line> {
    const rows = await this.sql.read(branchLineage(name));
    const [own, ...parents] = rows;
    if (own === undefined) throw new BranchNotFound(name);
    await this.history.confirm(String(own[4]));
    const line: Line = {
      name,
      id: Number(own[0]),
      parent: parents[0] === undefined ? null : String(parents[0][1]),
      // A parent is seen as it stood when its child was forked off it: the fork revision stands in the child's row.
      ancestors: parents.map((parent, index) => ({
        branchId: Number(parent[0]),
        revision: Number(rows[index]?.[3]),
      })),
    };
    this.lines.set(name, line);
    return line;
  }
}
