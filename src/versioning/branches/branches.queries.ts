import type { Statement } from '../../database/statement.js';
import { HEAD } from '../points/history.queries.js';
import type { BranchStatus, ChangeReport, ConflictPolicy } from './branch.types.js';
import type { Line } from './lineage.types.js';

/**
 * A branch and all its ancestors. **Shape**: rows of id, name, status, fork revision (null for the root), head of the
 * snapshot; the branch itself first; no row when the name is unknown.
 */
export function branchLineage(name: string): Statement {
  return {
    name: 'branch_lineage',
    text: `
      with recursive line as (
        select id, name, status, parent_id, fork_revision, 0 as depth
        from branches
        where name = $1
        union all
        select p.id, p.name, p.status, p.parent_id, p.fork_revision, l.depth + 1
        from line l
        join branches p on p.id = l.parent_id
      )
      select id, name, status, fork_revision::float8, ${HEAD}
      from line
      order by depth`,
    values: [name],
  };
}

/** A branch by its number, and by its name as long as that number is of it: it may be remembered from another history. */
type NamedBranch = Pick<Line, 'id' | 'name'>;

/** **Shape**: one row: the status of a branch; none when the number is not, or no longer, of that name. */
export function branchStatus({ id, name }: NamedBranch): Statement {
  return {
    name: 'branch_status',
    text: 'select status from branches where id = $1 and name = $2',
    values: [id, name],
  };
}

/**
 * Keeps a branch from being merged or discarded until the transaction ends. **Shape**: as {@link branchStatus}.
 */
export function lockBranch({ id, name }: NamedBranch): Statement {
  return {
    name: 'branch_lock',
    text: 'select status from branches where id = $1 and name = $2 for share',
    values: [id, name],
  };
}

/** Keeps everyone else from changing, or forking, a branch that is about to be merged or discarded. **Shape**: as {@link branchStatus}. */
export function lockBranchToEnd({ id, name }: NamedBranch): Statement {
  return {
    name: 'branch_lock_to_end',
    text: 'select status from branches where id = $1 and name = $2 for no key update',
    values: [id, name],
  };
}

/** Ends a branch: from now on it is read-only. */
export function endBranch(id: number, status: Exclude<BranchStatus, 'open'>): Statement {
  return {
    name: 'branch_end',
    text: 'update branches set status = $2, updated_at = now() where id = $1',
    values: [id, status],
  };
}

/** A branch as JSON text. `b` is branches, `p` its parent, `m` its merge. */
const BRANCH_JSON = `(
  select row_to_json(j)::text
  from (
    select b.name, p.name as parent, b.fork_revision as "forkRevision", b.status, m.revision_id as "mergeRevision",
      b.created_by as "createdBy",
      to_char(b.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt"
  ) j
)`;

const BRANCH_SOURCE = `
      from branches b
      left join branches p on p.id = b.parent_id
      left join branch_merges m on m.branch_id = b.id`;

/** **Shape**: the branch as JSON text, or no row. */
export function branchByName(name: string): Statement {
  return {
    name: 'branch_by_name',
    text: `
      select ${BRANCH_JSON}
      ${BRANCH_SOURCE}
      where b.name = $1`,
    values: [name],
  };
}

/** What a list of branches asks for: null is no filter; `before` is the number of the last branch of the page before. */
export interface BranchPage {
  readonly status: BranchStatus | null;
  readonly parent: string | null;
  readonly before: number | null;
  readonly limit: number;
}

/** **Shape**: rows of number and JSON text, newest first, one more than `limit` when there are more. */
export function branchPage(page: BranchPage): Statement {
  return {
    name: 'branch_page',
    text: `
      select b.id, ${BRANCH_JSON}
      ${BRANCH_SOURCE}
      where ($1::text is null or b.status = $1)
        and ($2::text is null or p.name = $2)
        and ($3::smallint is null or b.id < $3)
      order by b.id desc
      limit $4`,
    values: [page.status, page.parent, page.before, page.limit + 1],
  };
}

/**
 * Makes a branch. **Shape**: one row: its number; none when the name is taken. **Why** it looks before it inserts: a refused
 * insert uses up one of the 32,767 numbers.
 */
export function insertBranch(branch: {
  readonly name: string;
  readonly parentId: number;
  readonly forkRevision: number;
  readonly createdBy: string | null;
}): Statement {
  return {
    name: 'branch_insert',
    text: `
      insert into branches (name, parent_id, fork_revision, created_by)
      select $1, $2::smallint, $3::bigint, $4::uuid
      where not exists (select from branches where name = $1)
      returning id`,
    values: [branch.name, branch.parentId, branch.forkRevision, branch.createdBy],
  };
}

/** Keeps what a merge was asked and what it answers. */
export function insertMerge(merge: {
  readonly branchId: number;
  readonly onConflict: ConflictPolicy;
  readonly message: string | null;
  readonly mergedBy: string | null;
  readonly report: ChangeReport;
}): Statement {
  const { branchId, onConflict, message, mergedBy, report } = merge;
  const { revision, inserted, corrected, withdrawn, unchanged } = report;
  return {
    name: 'merge_insert',
    text: `
      insert into branch_merges
        (branch_id, on_conflict, message, merged_by, revision_id, inserted, corrected, withdrawn, unchanged)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [branchId, onConflict, message, mergedBy, revision, inserted, corrected, withdrawn, unchanged],
  };
}

/** **Shape**: one row: what the merge of a branch was asked (policy, message) and its report (revision and four counts); no row before it. */
export function mergeOf(branchId: number): Statement {
  return {
    name: 'merge_of',
    text: `
      select on_conflict, message, revision_id::float8, inserted::float8, corrected::float8, withdrawn::float8,
        unchanged::float8
      from branch_merges
      where branch_id = $1`,
    values: [branchId],
  };
}
