import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { BranchStatus } from '../branches/branch.types.js';
import { branchStatus, lockBranch } from '../branches/branches.queries.js';
import type { Line } from '../branches/lineage.types.js';
import { takeCommitLock } from '../revisions/revisions.queries.js';
import { BranchDiscarded, BranchMerged, HistoryChanged } from '../versioning.errors.js';
import type { Statement } from '../../database/statement.js';

/**
 * Waits for the turn to commit to a branch and makes sure that the branch still takes changes; both hold until the transaction ends.
 *
 * A dry run waits for nobody and keeps nobody waiting: it compares in one statement, so in one snapshot, and writes nothing.
 * **Errors**: `BranchMerged`, `BranchDiscarded`, `HistoryChanged`.
 */
export async function takeTurn(tx: SqlTransaction, line: Line, dryRun: boolean): Promise<void> {
  if (!dryRun) await tx.run(takeCommitLock());
  requireOpen(line.name, await statusOf(tx, dryRun ? branchStatus(line) : lockBranch(line)));
}

/** What a look at a branch gave. **Errors**: `HistoryChanged` when its number is no longer its. */
export async function statusOf(tx: SqlTransaction, look: Statement): Promise<BranchStatus> {
  const [row] = await tx.run(look);
  if (row === undefined) throw new HistoryChanged();
  return row[0] as BranchStatus;
}

/** Lets an open branch through. **Errors**: `BranchMerged`, `BranchDiscarded`. */
export function requireOpen(name: string, status: unknown): void {
  if (status === 'merged') throw new BranchMerged(name);
  if (status === 'discarded') throw new BranchDiscarded(name);
}
