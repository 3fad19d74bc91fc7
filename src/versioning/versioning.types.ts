/** What kind of change a revision is. */
export const REVISION_KINDS = ['import', 'correction', 'withdrawal', 'merge', 'revert'] as const;
export type RevisionKind = (typeof REVISION_KINDS)[number];

/** The name of the root branch. */
export const MAIN_BRANCH = 'main';

/**
 * A table whose rows are versioned, described: versioning knows keys and columns, never what they mean.
 *
 * The table has the columns `branch_id, valid_from, valid_to, withdrawn` beside these, and the primary key
 * `(scope, branch_id, key, valid_to)`. `touched` is the table that says, per revision and scope, between which keys it changed
 * something: columns `revision_id`, scope, first, last.
 */
export interface VersionedTable {
  readonly table: string;
  /** The column that groups rows, e.g. a series. */
  readonly scope: string;
  /** The column that orders rows inside a scope, e.g. an instant. */
  readonly key: string;
  readonly values: readonly string[];
  readonly touched: { readonly table: string; readonly first: string; readonly last: string };
}

/** One stretch of a lineage: what `branchId` says up to and including `revision`. */
export interface LineageSegment {
  readonly branchId: number;
  readonly revision: number;
}

/**
 * From where a read reads: a branch at a revision, and the lineage to follow.
 *
 * **Shape**: `lineage` has at least one segment, the branch itself first, then its ancestors as they stood at each fork.
 */
export interface ReadPoint {
  readonly branch: string;
  readonly revision: number;
  readonly lineage: readonly LineageSegment[];
  /** True when nothing was asked but "now": the newest revision of the branch. */
  readonly isNow: boolean;
  /** The oldest revision that may be taken for "now". */
  readonly atLeast?: number | undefined;
}

/** What a commit says of itself. */
export interface RevisionDraft {
  readonly branch: string;
  readonly kind: RevisionKind;
  readonly source: string;
  readonly message: string | null;
  readonly authorId: string | null;
  /** Compute the whole report, then leave no trace. */
  readonly dryRun: boolean;
}

/** What would follow from a commit: members of the answer, as the features that know of them say. */
export type Consequences = Readonly<Record<string, unknown>>;

/**
 * What a commit did. **Shape**: `revision` is the new one, or null when there was nothing to change or it was a dry run;
 * `head` is the newest revision of all afterwards. Counts are rows.
 */
export interface CommitReport {
  readonly revision: number | null;
  readonly head: number;
  readonly inserted: number;
  readonly corrected: number;
  readonly withdrawn: number;
  readonly unchanged: number;
  /** Of a dry run: what would follow for features that keep references to versions. */
  readonly consequences?: Consequences;
}

/**
 * The rows that a commit proposes: SQL of a relation with the columns scope, key, values and `withdrawn`, at most one row
 * per key, readable inside the commit's transaction.
 */
export interface Proposals {
  readonly relation: string;
  readonly values: readonly unknown[];
  /** Every scope that the rows may be of. */
  readonly scopes: readonly number[];
}

/** A row of the commit log as clients see it. */
export interface RevisionView {
  readonly id: number;
  readonly branch: string;
  readonly kind: RevisionKind;
  readonly source: string;
  readonly message: string | null;
  readonly authorId: string | null;
  readonly createdAt: string;
  readonly inserted: number;
  readonly corrected: number;
  readonly withdrawn: number;
}
