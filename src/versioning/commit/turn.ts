import type { SqlTransaction } from '../../database/sql-transaction.js';
import { branchStatus, lockBranch } from '../branches.queries.js';
import type { Line } from '../lineage.types.js';
import { takeCommitLock } from '../revisions.queries.js';
import { BranchDiscarded, BranchMerged } from '../versioning.errors.js';

/**
 * Waits for the turn to commit to a branch and makes sure that the branch still takes changes; both hold until the transaction ends.
 *
 * A dry run waits for nobody and keeps nobody waiting: it compares in one statement, so in one snapshot, and writes nothing.
 * **Errors**: `BranchMerged`, `BranchDiscarded`.
 */
export async function takeTurn(tx: SqlTransaction, line: Line, dryRun: boolean): Promise<void> {
  if (!dryRun) await tx.run(takeCommitLock());
  const [status] = await tx.runOne(dryRun ? branchStatus(line.id) : lockBranch(line.id));
  requireOpen(line.name, status);
}

/** Lets an open branch through. **Errors**: `BranchMerged`, `BranchDiscarded`. */
export function requireOpen(name: string, status: unknown): void {
  if (status === 'merged') throw new BranchMerged(name);
  if (status === 'discarded') throw new BranchDiscarded(name);
}
