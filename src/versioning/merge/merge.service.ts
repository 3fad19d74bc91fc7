import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { SqlService } from '../../database/sql.service.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import {
  changeReport,
  type ChangeReport,
  type ConflictPolicy,
  type DescribeConflicts,
} from '../branches/branch.types.js';
import {
  branchStatus,
  endBranch,
  insertMerge,
  lockBranchToEnd,
  mergeOf,
} from '../branches/branches.queries.js';
import { Patience, queueOf } from '../commit/queues.js';
import { touchedSince } from '../commit/commit.queries.js';
import { collectAgain, collectCompared, type Compared } from './three-way.js';
import { requireOpen, statusOf, takeTurn } from '../commit/turn.js';
import { writeCollected } from '../commit/write-collected.js';
import { DryRunConsequences } from '../commit/dry-run-consequences.service.js';
import { lineageAt, NOW, type Line } from '../branches/lineage.types.js';
import { headRevision, oneSnapshot, patience, timeForManyRows } from '../revisions/revisions.queries.js';
import { rowsOfBranch, scopesOfBranch } from './three-way.queries.js';
import { StoreHistory } from '../points/store-history.service.js';
import { RootBranch } from '../versioning.errors.js';
import { VersioningService } from '../versioning.service.js';
import type { VersionedTable } from '../versioning.types.js';

/** What is merged, and how. */
export interface MergeRequest {
  readonly branch: string;
  readonly onConflict: ConflictPolicy;
  readonly message: string | null;
  readonly authorId: string | null;
  readonly dryRun: boolean;
}

/** Brings the changes of a branch to its parent. */
@Injectable()
export class MergeService {
  constructor(
    private readonly sql: SqlService,
    private readonly versioning: VersioningService,
    private readonly consequences: DryRunConsequences,
    private readonly history: StoreHistory,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Writes what the branch changed to its parent, as one revision, and ends the branch.
   *
   * Each changed row is compared three ways: as it was at the fork, as the parent shows it now, as the branch shows it. What only
   * the branch changed is written; what both changed to the same value is left; what both changed to different values is a
   * conflict. The same request again is answered the same, also when another request did the work.
   *
   * **Errors**: `BranchNotFound`, `RootBranch`; `VersionConflict` with `fail`; `ChangeTooLarge`; `BranchMerged` of a branch that was merged by another
   * request, `BranchDiscarded`, and both of the parent.
   */
  async merge(
    table: VersionedTable,
    request: MergeRequest,
    describe: DescribeConflicts,
  ): Promise<ChangeReport> {
    return this.history.settled(() => this.mergeOnce(table, request, describe));
  }

  private async mergeOnce(
    table: VersionedTable,
    request: MergeRequest,
    describe: DescribeConflicts,
  ): Promise<ChangeReport> {
    const { branch, dryRun } = request;
    const line = await this.versioning.line(branch);
    if (line.parent === null) throw new RootBranch(branch);
    const parent = await this.versioning.line(line.parent);
    const queue = queueOf({ kind: 'merge', dryRun });
    const waits = new Patience(queue);
    const { maxRows } = this.settings.changes;
    return this.sql.transaction(async (tx) => {
      if (dryRun) await tx.run(oneSnapshot());
      await tx.run(patience(waits.leftMs));
      // In this order: what somebody merges between the two was open.
      const statuses = await statusesOf(tx, [parent, line]);
      const done = await answered(tx, request, line);
      if (done !== null) return this.told(tx, done, dryRun);
      for (const [name, status] of statuses) requireOpen(name, status);
      const merge = { table, request, line, parent, describe, maxRows, consequences: this.consequences };
      const seen = await compare(tx, merge);
      await tx.run(patience(waits.leftMs));
      await takeTurn(tx, parent, dryRun);
      const status = await statusOf(tx, dryRun ? branchStatus(line) : lockBranchToEnd(line));
      // Whoever was before us in the queue may have merged it.
      const doneMeanwhile = await answered(tx, request, line);
      if (doneMeanwhile !== null) return this.told(tx, doneMeanwhile, dryRun);
      requireOpen(branch, status);
      await tx.run(timeForManyRows());
      const report = await write(tx, merge, await stillUnchanged(tx, merge, seen));
      if (dryRun) tx.rollback();
      return report;
    }, queue);
  }

  /** A dry run of what is done already tells that nothing more would follow. */
  private async told(tx: SqlTransaction, done: ChangeReport, dryRun: boolean): Promise<ChangeReport> {
    return dryRun ? { ...done, consequences: await this.consequences.of(tx, null) } : done;
  }
}

interface Merge {
  readonly table: VersionedTable;
  readonly request: MergeRequest;
  readonly line: Line;
  readonly parent: Line;
  readonly describe: DescribeConflicts;
  readonly maxRows: number;
  readonly consequences: DryRunConsequences;
}

/** What was compared before the turn. **Shape**: the newest revision before it; how many rows need no change. */
interface Seen {
  readonly head: number;
  readonly unchanged: number;
}

/** Before the comparison, which tells nothing of a branch that has ended. **Shape**: by name. */
async function statusesOf(tx: SqlTransaction, lines: readonly Line[]): Promise<ReadonlyMap<string, unknown>> {
  const statuses = new Map<string, unknown>();
  for (const line of lines) statuses.set(line.name, await statusOf(tx, branchStatus(line)));
  return statuses;
}

/** Collects what the merge writes, while others write. */
async function compare(tx: SqlTransaction, merge: Merge): Promise<Seen> {
  const head = Number((await tx.runOne(headRevision()))[0]);
  await tx.run(timeForManyRows());
  return { head, unchanged: await collectCompared(tx, await comparison(tx, merge)) };
}

/** How many rows need no change, in the turn: compared once more when either branch was written to meanwhile. */
async function stillUnchanged(tx: SqlTransaction, merge: Merge, { head, unchanged }: Seen): Promise<number> {
  const { table, line, parent, request } = merge;
  // A dry run has one snapshot.
  if (request.dryRun) return unchanged;
  const compared = await comparison(tx, merge);
  for (const { id } of [line, parent]) {
    const since = { table, branchId: id, scopes: compared.rows.scopes, revision: head };
    if ((await tx.runOne(touchedSince(since)))[0] === true) return collectAgain(tx, compared);
  }
  return unchanged;
}

async function comparison(
  tx: SqlTransaction,
  { table, request, line, parent, describe, maxRows }: Merge,
): Promise<Compared> {
  const scopes = (await tx.run(scopesOfBranch(table, line.id))).map(([scope]) => Number(scope));
  const rowsLineage = lineageAt(line, NOW);
  return {
    table,
    rows: rowsOfBranch(table, line.id, scopes),
    base: rowsLineage.slice(1),
    ours: lineageAt(parent, NOW),
    theirs: 'rows',
    rowsLineage,
    onConflict: request.onConflict,
    describe,
    maxRows,
  };
}

/** Writes what was collected, in a turn. */
async function write(tx: SqlTransaction, merge: Merge, unchanged: number): Promise<ChangeReport> {
  const { table, request, line, parent, consequences } = merge;
  const { branch, onConflict, message, authorId, dryRun } = request;
  const source = `branch ${branch}`;
  const draft = { branch: parent.name, kind: 'merge', source, message, authorId, dryRun } as const;
  const collected = { table, draft, line: parent, unchanged, consequences };
  const commit = await writeCollected(tx, collected, async (done) => {
    const report = changeReport(done, dryRun);
    await tx.run(insertMerge({ branchId: line.id, onConflict, message, mergedBy: authorId, report }));
    await tx.run(endBranch(line.id, 'merged'));
  });
  return changeReport(commit, dryRun);
}

/**
 * What the same request was answered before; null when there was no such request. A dry run is answered so too: it tells what the
 * request would be answered, and nothing would be written any more.
 */
async function answered(
  tx: SqlTransaction,
  { onConflict, message }: MergeRequest,
  line: Line,
): Promise<ChangeReport | null> {
  const [merge] = await tx.run(mergeOf(line.id));
  if (merge === undefined || merge[0] !== onConflict || merge[1] !== message) return null;
  const [revision = 0, inserted = 0, corrected = 0, withdrawn = 0, unchanged = 0] = merge
    .slice(2)
    .map(Number);
  return { revision, inserted, corrected, withdrawn, unchanged };
}
