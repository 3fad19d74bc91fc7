import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { SqlService } from '../../database/sql.service.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { branchStatus } from '../branches/branches.queries.js';
import { changeReport, type ChangeReport, type DescribeConflicts } from '../branches/branch.types.js';
import { Patience, queueOf } from '../commit/queues.js';
import { touchedSince } from '../commit/commit.queries.js';
import { collectAgain, collectCompared, type Compared } from './three-way.js';
import { requireOpen, statusOf, takeTurn } from '../commit/turn.js';
import { writeCollected } from '../commit/write-collected.js';
import { DryRunConsequences } from '../commit/dry-run-consequences.service.js';
import { lineageAt, NOW, type Line } from '../branches/lineage.types.js';
import {
  branchOfRevision,
  headRevision,
  oneSnapshot,
  patience,
  timeForManyRows,
} from '../revisions/revisions.queries.js';
import { rowsOfRevision, scopesOfRevision } from './three-way.queries.js';
import { StoreHistory } from '../points/store-history.service.js';
import { RevisionNotFound, RevisionOnOtherBranch } from '../versioning.errors.js';
import { VersioningService } from '../versioning.service.js';
import type { RevisionDraft, VersionedTable } from '../versioning.types.js';

/** What is undone. */
export interface RevertRequest {
  readonly revision: number;
  /** Where it is to be undone; undefined where it was made. It can be no other branch, so this is a safeguard of the caller's. */
  readonly branch: string | undefined;
  readonly message: string | null;
  readonly authorId: string | null;
  readonly dryRun: boolean;
}

/** Undoes revisions by new ones. */
@Injectable()
export class RevertService {
  constructor(
    private readonly sql: SqlService,
    private readonly versioning: VersioningService,
    private readonly consequences: DryRunConsequences,
    private readonly history: StoreHistory,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Makes a revision after which its branch shows every row that the given one changed as it did before it.
   *
   * Each row is compared three ways: as the revision left it, as it is now, as it was before. What nobody changed since is written;
   * what was changed again to another value is a conflict. So a revert that was done already changes nothing.
   *
   * **Errors**: `RevisionNotFound`, `BranchNotFound`, `RevisionOnOtherBranch`, `BranchMerged`, `BranchDiscarded`, `VersionConflict`,
   * `ChangeTooLarge`.
   */
  async revert(
    table: VersionedTable,
    request: RevertRequest,
    describe: DescribeConflicts,
  ): Promise<ChangeReport> {
    return this.history.settled(() => this.revertOnce(table, request, describe));
  }

  private async revertOnce(
    table: VersionedTable,
    request: RevertRequest,
    describe: DescribeConflicts,
  ): Promise<ChangeReport> {
    const { revision, message, authorId, dryRun } = request;
    const branch = await this.branchOf(request);
    const line = await this.versioning.line(branch);
    const source = `revision ${revision}`;
    const draft: RevisionDraft = { branch, kind: 'revert', source, message, authorId, dryRun };
    const queue = queueOf(draft);
    const waits = new Patience(queue);
    const { maxRows } = this.settings.changes;
    const input = { table, revision, line, dryRun, describe, maxRows, waits };
    return this.sql.transaction(async (tx) => {
      if (dryRun) await tx.run(oneSnapshot());
      const unchanged = await compareThenTakeTurn(tx, input);
      const report = await writeCollected(tx, {
        table,
        draft,
        line,
        unchanged,
        consequences: this.consequences,
      });
      if (report.revision === null) tx.rollback();
      return changeReport(report, dryRun);
    }, queue);
  }

  private async branchOf({ revision, branch }: RevertRequest): Promise<string> {
    const row = await this.sql.readOne(branchOfRevision(revision));
    if (row === null) throw new RevisionNotFound(revision);
    const madeOn = String(row[1]);
    if (branch === undefined || branch === madeOn) return madeOn;
    const { name } = await this.versioning.line(branch);
    throw new RevisionOnOtherBranch(revision, { madeOn, askedOf: name });
  }
}

/**
 * Collects what the revert writes, and has the turn to commit afterwards. **Shape**: how many rows need no change.
 *
 * **Why** the comparison comes first: of millions of rows it takes as long as writing them, and others can write meanwhile. When they
 * write to what was compared, it is done once more behind the lock.
 */
async function compareThenTakeTurn(
  tx: SqlTransaction,
  input: {
    readonly table: VersionedTable;
    readonly revision: number;
    readonly line: Line;
    readonly dryRun: boolean;
    readonly describe: DescribeConflicts;
    readonly maxRows: number;
    readonly waits: Patience;
  },
): Promise<number> {
  const { table, revision, line, dryRun, describe, maxRows, waits } = input;
  // As it stands when the queue has let it in.
  const { leftMs } = waits;
  requireOpen(line.name, await statusOf(tx, branchStatus(line)));
  const seen = Number((await tx.runOne(headRevision()))[0]);
  await tx.run(timeForManyRows());
  const scopes = (await tx.run(scopesOfRevision(table, revision))).map(([scope]) => Number(scope));
  const compared: Compared = {
    table,
    rows: rowsOfRevision(table, { branchId: line.id, revision }, scopes),
    base: 'rows',
    ours: lineageAt(line, NOW),
    theirs: lineageAt(line, revision - 1),
    rowsLineage: lineageAt(line, revision),
    onConflict: 'fail',
    describe,
    maxRows,
  };
  const unchanged = await collectCompared(tx, compared);
  // Nobody waits for a dry run, nor it for anybody.
  if (dryRun) return unchanged;
  await tx.run(patience(leftMs));
  await takeTurn(tx, line, dryRun);
  await tx.run(timeForManyRows());
  const [touched] = await tx.runOne(touchedSince({ table, branchId: line.id, scopes, revision: seen }));
  return touched === true ? collectAgain(tx, compared) : unchanged;
}
