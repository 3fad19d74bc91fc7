import { Injectable } from '@nestjs/common';
import { SqlService } from '../database/sql.service.js';
import { changeReport, type ChangeReport, type DescribeConflicts } from './branch.types.js';
import { queueOf } from './commit/queues.js';
import { collectCompared } from './commit/three-way.js';
import { takeTurn } from './commit/turn.js';
import { writeCollected } from './commit/write-collected.js';
import { DryRunConsequences } from './dry-run-consequences.service.js';
import { lineageAt, NOW } from './lineage.types.js';
import { branchOfRevision, oneSnapshot, patience, timeForManyRows } from './revisions.queries.js';
import { rowsOfRevision, scopesOfRevision } from './three-way.queries.js';
import { RevisionNotFound, RevisionOnOtherBranch } from './versioning.errors.js';
import { VersioningService } from './versioning.service.js';
import type { RevisionDraft, VersionedTable } from './versioning.types.js';

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
  ) {}

  /**
   * Makes a revision after which its branch shows every row that the given one changed as it did before it.
   *
   * Each row is compared three ways: as the revision left it, as it is now, as it was before. What nobody changed since is written;
   * what was changed again to another value is a conflict. So a revert that was done already changes nothing.
   *
   * **Errors**: `RevisionNotFound`, `BranchNotFound`, `RevisionOnOtherBranch`, `BranchMerged`, `BranchDiscarded`, `VersionConflict`.
   */
  async revert(
    table: VersionedTable,
    request: RevertRequest,
    describe: DescribeConflicts,
  ): Promise<ChangeReport> {
    const { revision, message, authorId, dryRun } = request;
    const branch = await this.branchOf(request);
    const line = await this.versioning.line(branch);
    const source = `revision ${revision}`;
    const draft: RevisionDraft = { branch, kind: 'revert', source, message, authorId, dryRun };
    return this.sql.transaction(async (tx) => {
      if (dryRun) await tx.run(oneSnapshot());
      await tx.run(patience());
      await takeTurn(tx, line, dryRun);
      await tx.run(timeForManyRows());
      const scopes = (await tx.run(scopesOfRevision(table, revision))).map(([scope]) => Number(scope));
      const unchanged = await collectCompared(tx, {
        table,
        rows: rowsOfRevision(table, { branchId: line.id, revision }, scopes),
        base: 'rows',
        ours: lineageAt(line, NOW),
        theirs: lineageAt(line, revision - 1),
        rowsLineage: lineageAt(line, revision),
        onConflict: 'fail',
        describe,
      });
      const report = await writeCollected(tx, {
        table,
        draft,
        line,
        unchanged,
        consequences: this.consequences,
      });
      if (report.revision === null) tx.rollback();
      return changeReport(report, dryRun);
    }, queueOf(draft));
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
