import type { Statement } from '../../database/statement.js';
import type { LineageSegment, Proposals, VersionedTable } from '../versioning.types.js';
import { keyColumns, named, quoted } from './commit.queries.js';

/**
 * Whether a lineage shows nothing yet, and never did, in these scopes. **Shape**: one row, one boolean. **Why** a look for each scope
 * and branch: asked for all at once, PostgreSQL may expect a row so soon that it reads the table for it, and where there is none, all
 * of it. **Why** in order: without one it does so even for a single scope when it knows of few.
 */
export function hasNoVersions(
  table: VersionedTable,
  lineage: readonly LineageSegment[],
  scopes: readonly number[],
): Statement {
  return {
    name: named(table, 'fresh'),
    text: `
      select not exists (
        select
        from unnest($1::int[]) s (id)
        cross join unnest($2::smallint[]) b (id)
        where (
          select true
          from ${table.table} v
          where v.${table.scope} = s.id and v.branch_id = b.id
          order by v.${table.key}
          limit 1)
      )`,
    values: [scopes, lineage.map(({ branchId }) => branchId)],
    prepared: false,
  };
}

/**
 * Adds the proposals as they are, where nothing is to be compared with. **Why** beside the way through the table of
 * changes: a first import is the largest there is, and writing a million rows twice costs it a third more.
 */
export function insertProposals(input: {
  table: VersionedTable;
  branchId: number;
  revision: number;
  proposals: Proposals;
}): Statement {
  const { table, branchId, revision, proposals } = input;
  const next = proposals.values.length;
  return {
    name: named(table, 'insert_all'),
    text: `
      insert into ${table.table} (${keyColumns(table)}, withdrawn, ${quoted(table.values)}, branch_id, valid_from)
      select p.*, $${next + 1}::smallint, $${next + 2}::bigint
      from (${proposals.relation}) p
      where not p.withdrawn`,
    values: [...proposals.values, branchId, revision],
    prepared: false,
  };
}

/** The same as `noteTouched` where all there is came with this revision: the ends of each scope, off the primary key. */
export function noteAllTouched(input: {
  table: VersionedTable;
  branchId: number;
  revision: number;
  scopes: readonly number[];
}): Statement {
  const { table, branchId, revision, scopes } = input;
  const { touched, scope, key } = table;
  const end = (order: string): string => `(
          select v.${key} from ${table.table} v
          where v.${scope} = s.id and v.branch_id = $2
          order by v.${key} ${order} limit 1)`;
  return {
    name: named(table, 'touched_all'),
    text: `
      insert into ${touched.table} (revision_id, ${scope}, ${touched.first}, ${touched.last})
      select $1, e.id, e.first, e.last
      from (select s.id, ${end('asc')} as first, ${end('desc')} as last from unnest($3::int[]) s (id)) e
      where e.first is not null`,
    values: [revision, branchId, scopes],
    prepared: false,
  };
}
