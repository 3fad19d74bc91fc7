import type { Statement } from '../database/statement.js';

/**
 * A branch and all its ancestors. **Shape**: rows of id, name, status, fork revision (null for the root), the branch
 * itself first; no row when the name is unknown.
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
      select id, name, status, fork_revision::float8
      from line
      order by depth`,
    values: [name],
  };
}

/** **Shape**: one row: the status of a branch. */
export function branchStatus(id: number): Statement {
  return { name: 'branch_status', text: 'select status from branches where id = $1', values: [id] };
}

/**
 * Keeps a branch from being merged or discarded until the transaction ends. **Shape**: one row: its status.
 */
export function lockBranch(id: number): Statement {
  return { name: 'branch_lock', text: 'select status from branches where id = $1 for share', values: [id] };
}
