import type { Statement } from '../../database/statement.js';
import type { ConflictPolicy } from '../branches/branch.types.js';
import { CHANGES, OPEN, quoted } from '../commit/commit.queries.js';
import { NOW } from '../branches/lineage.types.js';
import type { LineageSegment, Proposals, VersionedTable } from '../versioning.types.js';

/** One of the three sides of a comparison: the rows themselves that are compared, or what a lineage shows of them. */
export type Side = 'rows' | readonly LineageSegment[];

/** What is compared three ways, row by row. */
export interface ThreeWay {
  readonly table: VersionedTable;
  readonly rows: Proposals;
  /** What both sides began with. */
  readonly base: Side;
  /** What the branch that is written to shows now. */
  readonly ours: readonly LineageSegment[];
  /** What is to be brought in. */
  readonly theirs: Side;
  readonly onConflict: ConflictPolicy;
}

interface SideSql {
  readonly joins: readonly string[];
  /** SQL of what the side shows of a column. */
  readonly shown: (column: string) => string;
  readonly exists: string;
}

/** What one side shows of each row `r`. A segment of a lineage is one outer join on the primary key, the nearest that knows the row is what is shown. */
function sideSql(table: VersionedTable, alias: string, side: Side, values: unknown[]): SideSql {
  if (side === 'rows') {
    return { joins: [], shown: (column) => `r."${column}"`, exists: 'not r.withdrawn' };
  }
  const joins = side.map(({ branchId, revision }, depth) => {
    const v = `${alias}${depth}`;
    values.push(branchId);
    const on = `${v}.${table.scope} = r.${table.scope} and ${v}.${table.key} = r.${table.key} and ${v}.branch_id = $${values.length}`;
    if (revision === NOW) return `left join ${table.table} ${v} on ${on} and ${v}.valid_to = ${OPEN}`;
    values.push(revision);
    const at = `$${values.length}`;
    return `left join ${table.table} ${v} on ${on} and ${v}.valid_from <= ${at} and ${v}.valid_to > ${at}`;
  });
  const shown = (column: string): string => {
    const arms = side.map(
      (_, depth) => `when ${alias}${depth}.valid_from is not null then ${alias}${depth}."${column}"`,
    );
    return `case ${arms.join(' ')} end`;
  };
  return { joins, shown, exists: `coalesce(not ${shown('withdrawn')}, false)` };
}

function same(table: VersionedTable, a: SideSql, b: SideSql): string {
  const row = (side: SideSql): string => `(${[side.exists, ...table.values.map(side.shown)].join(', ')})`;
  return `${row(a)} is not distinct from ${row(b)}`;
}

const ON_CONFLICT: Readonly<Record<ConflictPolicy, string>> = {
  fail: `when not is_base then 'conflict'`,
  ours: `when not is_base then 'unchanged'`,
  theirs: '',
};

/**
 * Compares three ways and collects what has to be written for `ours` to show `theirs`.
 *
 * **Shape**: one row: how many rows differ from the base and need no change, because both sides agree or ours was kept; how many were
 * collected. Rows that do not differ from the base are nobody's change. With `fail`, conflicts are collected with the kind `conflict`, never to
 * be written. **Why** values decide and not versions: a row that was changed and changed back is nobody's loss.
 */
export function collectThreeWay(input: ThreeWay): Statement {
  const { table, rows } = input;
  const values: unknown[] = [...rows.values];
  const base = sideSql(table, 'b', input.base, values);
  const ours = sideSql(table, 'o', input.ours, values);
  const theirs = sideSql(table, 't', input.theirs, values);
  const brought = table.values.map((column) => `${theirs.shown(column)} as "${column}"`);
  return {
    name: `three_way_${table.table}_${input.onConflict}`,
    text: `
      with rows as materialized (${rows.relation}),
      sided as (
        select r.${table.scope}, r.${table.key}, not (${theirs.exists}) as withdrawn, ${brought.join(', ')},
          ${ours.exists} as is_shown,
          ${same(table, theirs, ours)} as is_same,
          ${same(table, ours, base)} as is_base,
          o0.tableoid as closes_in, o0.ctid as closes
        from rows r
        ${[...base.joins, ...ours.joins, ...theirs.joins].join('\n        ')}
        where not (${same(table, theirs, base)})
      ),
      judged as materialized (
        select ${table.scope}, ${table.key}, withdrawn, ${quoted(table.values)},
          case
            when is_same then 'unchanged'
            ${ON_CONFLICT[input.onConflict]}
            when withdrawn then 'withdrawn'
            when is_shown then 'corrected'
            else 'inserted'
          end as kind,
          closes_in, closes
        from sided
      ),
      collected as (insert into ${CHANGES} select * from judged where kind <> 'unchanged')
      select
        count(*) filter (where kind = 'unchanged')::float8,
        count(*) filter (where kind <> 'unchanged')::float8
      from judged`,
    values,
    prepared: false,
  };
}

/** Takes back what was collected: it was compared with what is no longer shown. */
export function forgetCollected(): Statement {
  return { name: 'three_way_forget', text: `delete from ${CHANGES}`, values: [], prepared: false };
}

/** **Shape**: one row: how many conflicts were collected. */
export function countConflicts(): Statement {
  return {
    name: 'three_way_conflicts',
    text: `select count(*)::float8 from ${CHANGES} where kind = 'conflict'`,
    values: [],
    prepared: false,
  };
}

/** **Shape**: rows of scope and key as text, in their order, the first `limit`. */
export function conflictKeys(table: VersionedTable, limit: number): Statement {
  return {
    name: `three_way_conflict_keys_${table.table}`,
    text: `
      select ${table.scope}, ${table.key}::text
      from ${CHANGES}
      where kind = 'conflict'
      order by ${table.scope}, ${table.key}
      limit $1`,
    values: [limit],
    prepared: false,
  };
}

/**
 * **Shape**: rows of scope: those in which revisions of a branch changed something. **Why** a span of one branch, and a look for each
 * revision: of two branches PostgreSQL expects half of all revisions each, and reads the whole log.
 */
export function scopesOfBranch(table: VersionedTable, branchId: number): Statement {
  return {
    name: `branch_scopes_${table.table}`,
    text: `
      select distinct t.${table.scope}
      from revisions r
      cross join lateral (
        select t.${table.scope} from ${table.touched.table} t where t.revision_id = r.id offset 0
      ) t
      where r.branch_id between $1 and $1`,
    values: [branchId],
  };
}

/** **Shape**: rows of scope: those in which a revision changed something. */
export function scopesOfRevision(table: VersionedTable, revision: number): Statement {
  return {
    name: `revision_scopes_${table.table}`,
    text: `select ${table.scope} from ${table.touched.table} where revision_id = $1`,
    values: [revision],
  };
}

/** Every row that a branch has a version of its own for, as it shows it now. */
export function rowsOfBranch(table: VersionedTable, branchId: number, scopes: readonly number[]): Proposals {
  return {
    relation: `
      select v.${table.scope}, v.${table.key}, v.withdrawn, ${quoted(table.values, 'v')}
      from ${table.table} v
      where v.${table.scope} = any($1::int[]) and v.branch_id = $2 and v.valid_to = ${OPEN}`,
    values: [scopes, branchId],
    scopes,
  };
}

/** Every row that a revision changed, as it left it. */
export function rowsOfRevision(
  table: VersionedTable,
  at: { readonly branchId: number; readonly revision: number },
  scopes: readonly number[],
): Proposals {
  const { touched } = table;
  return {
    relation: `
      select v.${table.scope}, v.${table.key}, v.withdrawn, ${quoted(table.values, 'v')}
      from ${touched.table} t
      join ${table.table} v on v.${table.scope} = t.${table.scope}
        and v.branch_id = $2
        and v.${table.key} between t.${touched.first} and t.${touched.last}
        and v.valid_from = $1
      where t.revision_id = $1`,
    values: [at.revision, at.branchId],
    scopes,
  };
}
