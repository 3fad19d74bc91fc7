import type { Statement } from '../../database/statement.js';
import type { LineageSegment, Proposals, VersionedTable } from '../versioning.types.js';

/** The value of `valid_to` of an open version. */
export const OPEN = '9223372036854775807';

/** The temporary table that holds what really changes. */
export const CHANGES = 'pending_changes';

/** The name of a statement that runs the same for every commit of one table. */
export function named(table: VersionedTable, step: string, depth = 1): string {
  return `commit_${table.table}_${step}${depth > 1 ? `_${depth}` : ''}`;
}

/** Scope and key as a list. */
export function keyColumns(table: VersionedTable): string {
  return `${table.scope}, ${table.key}`;
}

/** Columns as a list, quoted. */
export function quoted(columns: readonly string[], alias?: string): string {
  return columns.map((column) => (alias === undefined ? `"${column}"` : `${alias}."${column}"`)).join(', ');
}

/** The temporary table that holds what really changes; gone with the transaction. */
export function createChanges(table: VersionedTable): Statement {
  return {
    name: named(table, 'create'),
    text: `
      create temporary table ${CHANGES} on commit drop as
      select ${keyColumns(table)}, withdrawn, ${quoted(table.values)}, ''::text as kind,
        null::oid as closes_in, null::tid as closes
      from ${table.table}
      with no data`,
    values: [],
    prepared: false,
  };
}

/**
 * A table like the versioned one, with its checks and keys and without its triggers, for a dry run to write to; gone with the
 * transaction.
 */
export function createDryRunRows(table: VersionedTable): {
  readonly create: Statement;
  readonly name: string;
} {
  const name = 'dry_run_rows';
  return {
    name,
    create: {
      name: named(table, 'dry_run'),
      text: `
        create temporary table ${name} (
          like ${table.table} including defaults including constraints including indexes
        ) on commit drop`,
      values: [],
      prepared: false,
    },
  };
}

/**
 * Compares the proposals with what the branch shows now and keeps those that differ.
 *
 * **Shape**: one row: how many rows were proposed that change nothing. `kind` becomes inserted, corrected or withdrawn; `closes` is the
 * place of the branch's own open version to close, null when it has none, in the partition `closes_in`. Each segment of the lineage is one outer join on the full primary key or a
 * prefix of it; the nearest segment that knows the key is what the branch shows.
 */
export function collectChanges(input: {
  table: VersionedTable;
  lineage: readonly LineageSegment[];
  proposals: Proposals;
}): Statement {
  const { table, lineage, proposals } = input;
  const values: unknown[] = [...proposals.values];
  const joins = lineage.map((segment, depth) => {
    values.push(segment.branchId);
    const branch = `$${values.length}`;
    const on = `d${depth}.${table.scope} = p.${table.scope} and d${depth}.${table.key} = p.${table.key} and d${depth}.branch_id = ${branch}`;
    if (depth === 0) return `left join ${table.table} d0 on ${on} and d0.valid_to = ${OPEN}`;
    values.push(segment.revision);
    const at = `$${values.length}`;
    return `left join ${table.table} d${depth} on ${on} and d${depth}.valid_from <= ${at} and d${depth}.valid_to > ${at}`;
  });
  const shown = (column: string): string => {
    if (lineage.length === 1) return `d0."${column}"`;
    const arms = lineage.map(
      (_, depth) => `when d${depth}.valid_from is not null then d${depth}."${column}"`,
    );
    return `case ${arms.join(' ')} end`;
  };
  const exists = `${shown('withdrawn')} is false`;
  const differs = `(${table.values.map(shown).join(', ')}) is distinct from (${quoted(table.values, 'p')})`;
  // Twice in the text: kept for a second look, a million rows are written to the disk in between, which takes 0.4 s of 1.9.
  const proposed = `(${proposals.relation}) p (${keyColumns(table)}, withdrawn, ${quoted(table.values)})`;
  return {
    name: named(table, 'collect', lineage.length),
    text: `
      with changed as (
        insert into ${CHANGES}
        select p.${table.scope}, p.${table.key}, p.withdrawn, ${quoted(table.values, 'p')},
          case
            when p.withdrawn then 'withdrawn'
            when ${exists} then 'corrected'
            else 'inserted'
          end,
          d0.tableoid, d0.ctid
        from ${proposed}
        ${joins.join('\n        ')}
        where case when p.withdrawn then ${exists} else ${exists} is not true or ${differs} end
        returning 1
      )
      select ((select count(*) from ${proposed}) - (select count(*) from changed))::float8`,
    values,
    prepared: false,
  };
}

/** **Shape**: one row: rows inserted, corrected, withdrawn, and how many open versions they close. */
export function countChanges(table: VersionedTable): Statement {
  return {
    name: named(table, 'count'),
    text: `
      select
        count(*) filter (where kind = 'inserted')::float8,
        count(*) filter (where kind = 'corrected')::float8,
        count(*) filter (where kind = 'withdrawn')::float8,
        count(closes)::float8
      from ${CHANGES}`,
    values: [],
    prepared: false,
  };
}

/**
 * Ends the open versions that the changes replace.
 *
 * **Why** by place: a condition on branch or validity makes a table without fresh statistics look as if one
 * row fitted, and the planner compares every change with every bar: 4.6 s for 6,000 corrections, and it grows with the
 * square. The place was read in this transaction under the commit lock, so nobody moves the row meanwhile.
 *
 * **Why** the partition too: each numbers its rows by itself, so rows of other partitions have the same place. **Why** not scope and key as
 * well, by which fewer partitions would be looked into: PostgreSQL 15 then compares every change with every bar of its scope.
 */
export function closeVersions(table: VersionedTable, revision: number): Statement {
  return {
    name: named(table, 'close'),
    text: `
      update ${table.table} d
      set valid_to = $1
      from ${CHANGES} c
      where d.ctid = c.closes and d.tableoid = c.closes_in`,
    values: [revision],
    prepared: false,
  };
}

/**
 * With `off`, keeps the planner from another way than going from place to place, for a {@link closeVersions} of many; `on` lets it choose again.
 * **Why**: it takes places for scattered, reads the whole table into a hash table instead, and then goes to each place all the same: 3.0 s
 * of the processor for 200,000 of four million, against 1.4.
 */
export function joinTables(setting: 'on' | 'off'): Statement {
  return {
    name: 'commit_by_place',
    text: `select set_config('enable_hashjoin', $1, true), set_config('enable_mergejoin', $1, true)`,
    values: [setting],
  };
}

/** SQL of the relation of scope and key of the versions that the changes replace. */
export function endingVersions(table: VersionedTable): string {
  return `select ${keyColumns(table)} from ${CHANGES} where closes is not null`;
}

/** Adds the new versions. */
export function insertVersions(table: VersionedTable, branchId: number, revision: number): Statement {
  return {
    name: named(table, 'insert'),
    text: `
      insert into ${table.table} (${keyColumns(table)}, branch_id, valid_from, withdrawn, ${quoted(table.values)})
      select ${keyColumns(table)}, $1, $2, withdrawn, ${quoted(table.values)}
      from ${CHANGES}`,
    values: [branchId, revision],
    prepared: false,
  };
}

/** Notes which scopes the revision touched, and between which keys. */
export function noteTouched(table: VersionedTable, revision: number): Statement {
  const { touched } = table;
  return {
    name: named(table, 'touched'),
    text: `
      insert into ${touched.table} (revision_id, ${table.scope}, ${touched.first}, ${touched.last})
      select $1, ${table.scope}, min(${table.key}), max(${table.key})
      from ${CHANGES}
      group by ${table.scope}`,
    values: [revision],
    prepared: false,
  };
}

/** Whether a revision of a branch after the given one changed something in these scopes. **Shape**: one row, one boolean. */
export function touchedSince(input: {
  table: VersionedTable;
  branchId: number;
  scopes: readonly number[];
  revision: number;
}): Statement {
  const { table, branchId, scopes, revision } = input;
  return {
    name: named(table, 'touched_since'),
    text: `
      select exists (
        select
        from ${table.touched.table} t
        join revisions r on r.id = t.revision_id
        where t.${table.scope} = any($1::int[]) and t.revision_id > $2 and r.branch_id = $3
      )`,
    values: [scopes, revision, branchId],
    prepared: false,
  };
}
