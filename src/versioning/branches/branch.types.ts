import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { CommitReport, LineageSegment } from '../versioning.types.js';

/** What a name of a branch looks like. Held by the database too. */
export const BRANCH_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const BRANCH_STATUSES = ['open', 'merged', 'discarded'] as const;
export type BranchStatus = (typeof BRANCH_STATUSES)[number];

/** What a merge does where both sides changed the same row to different values: nothing at all, or let one side win. `theirs` is the branch. */
export const CONFLICT_POLICIES = ['fail', 'ours', 'theirs'] as const;
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

/** A branch as clients see it. **Shape**: `parent` and `forkRevision` are null for the root, `mergeRevision` unless merged. */
export interface BranchView {
  readonly name: string;
  readonly parent: string | null;
  readonly forkRevision: number | null;
  readonly status: BranchStatus;
  /** The newest revision once the branch was merged: the merge's own, unless it had nothing to change. */
  readonly mergeRevision: number | null;
  readonly createdBy: string | null;
  readonly createdAt: string;
}

/** One row of a versioned table. */
export interface RowKey {
  readonly scope: number;
  /** As the database writes it. */
  readonly key: string;
}

/**
 * Rows that were changed on both sides to different values, and from where each side is read.
 *
 * **Shape**: `keys` are the first of `count`, in order. `base` is what both sides began with, `ours` what the branch that is
 * written to shows now, `theirs` what would be brought in.
 */
export interface Conflicts {
  readonly count: number;
  readonly keys: readonly RowKey[];
  readonly base: readonly LineageSegment[];
  readonly ours: readonly LineageSegment[];
  readonly theirs: readonly LineageSegment[];
}

/** Puts conflicts into the words of their table, one item for each key, inside the transaction that found them. */
export type DescribeConflicts = (
  tx: SqlTransaction,
  conflicts: Conflicts,
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** What merges and reverts answer. **Shape**: `revision` is the new one, the newest of all if nothing changed, null for a dry run of what is not done yet. */
export interface ChangeReport extends Omit<CommitReport, 'head'> {
  readonly revision: number | null;
}

/** The answer about a commit. */
export function changeReport(report: CommitReport, dryRun: boolean): ChangeReport {
  const { head, inserted, corrected, withdrawn, unchanged, consequences } = report;
  const counts = { inserted, corrected, withdrawn, unchanged };
  return dryRun ? { revision: null, ...counts, consequences } : { revision: head, ...counts };
}
