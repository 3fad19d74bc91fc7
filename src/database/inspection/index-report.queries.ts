import type { Statement } from '../statement.js';

const IN_PUBLIC = `'public'::regnamespace`;

/** Since when the server counts. **Shape**: one row: instant, null when it has counted since it was made. */
export function countedSince(): Statement {
  return {
    name: 'inspect_counted_since',
    text: 'select stats_reset::text from pg_stat_database where datname = current_database()',
    values: [],
  };
}

/**
 * Indexes that no read may use, because making them broke off: each write still pays for them. One that is being made just now looks the
 * same. **Shape**: rows of table, index, bytes.
 */
export function invalidIndexes(): Statement {
  return {
    name: 'inspect_invalid_indexes',
    text: `
      select i.indrelid::regclass::text, c.relname, pg_relation_size(c.oid)::float8
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      where c.relnamespace = ${IN_PUBLIC} and not i.indisvalid
      order by 1, 2`,
    values: [],
  };
}

/**
 * Indexes that no statement has used and that enforce nothing. **Shape**: rows of table, index, bytes, largest first. Use on replicas is
 * counted there.
 */
export function unusedIndexes(): Statement {
  return {
    name: 'inspect_unused_indexes',
    text: `
      select s.relname, s.indexrelname, pg_relation_size(s.indexrelid)::float8
      from pg_stat_user_indexes s
      join pg_index i on i.indexrelid = s.indexrelid
      where s.schemaname = 'public'
        and s.idx_scan = 0
        and i.indisvalid
        and not i.indisunique
        and not i.indisexclusion
      order by 3 desc, 2`,
    values: [],
  };
}

/**
 * Indexes whose columns are the first ones of another index of the same kind, so that the other can do their work. **Shape**: rows of
 * table, index, the other, bytes. Of two that are the same the younger one is named.
 */
export function duplicateIndexes(): Statement {
  return {
    name: 'inspect_duplicate_indexes',
    text: `
      with indexes as (
        select i.*, c.relname, c.relam, c.oid, (i.indkey::text || ' ') as columns, (i.indclass::text || ' ') as classes,
          (i.indcollation::text || ' ') as collations, (i.indoption::text || ' ') as options
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        where c.relnamespace = ${IN_PUBLIC} and i.indexprs is null and i.indisvalid
      )
      select a.indrelid::regclass::text, a.relname, min(b.relname), pg_relation_size(a.oid)::float8
      from indexes a
      join indexes b on b.indrelid = a.indrelid and b.oid <> a.oid and b.relam = a.relam
        and starts_with(b.columns, a.columns)
        and starts_with(b.classes, a.classes)
        and starts_with(b.collations, a.collations)
        and starts_with(b.options, a.options)
        and pg_get_expr(b.indpred, b.indrelid) is not distinct from pg_get_expr(a.indpred, a.indrelid)
      where not a.indisprimary
        and (not a.indisunique or (b.indisunique and b.columns = a.columns))
        and (b.columns <> a.columns or b.indisunique > a.indisunique or (b.indisunique = a.indisunique and b.oid < a.oid))
      group by a.indrelid, a.relname, a.oid
      order by 4 desc, 2`,
    values: [],
  };
}

/**
 * Large tables that are read from end to end. **Shape**: rows of table, rows in it, scans from end to end, rows read by them, scans by
 * index; most rows read first.
 */
export function scannedTables(minRows: number): Statement {
  return {
    name: 'inspect_scanned_tables',
    text: `
      select s.relname, s.n_live_tup::float8, s.seq_scan::float8, s.seq_tup_read::float8, coalesce(s.idx_scan, 0)::float8
      from pg_stat_user_tables s
      where s.schemaname = 'public'
        and s.n_live_tup >= $1
        and s.seq_scan > 0
        and s.seq_tup_read >= s.seq_scan * $1 / 2
      order by s.seq_tup_read desc`,
    values: [minRows],
  };
}

/**
 * Foreign keys that no index begins with, to tables from which rows were removed: each removal reads the whole table with the key. Those to
 * tables that only grow, such as revisions, need none. **Shape**: rows of table, key, columns.
 */
export function unindexedForeignKeys(): Statement {
  return {
    name: 'inspect_unindexed_foreign_keys',
    text: `
      select k.conrelid::regclass::text, k.conname,
        (select string_agg(a.attname, ', ' order by p.n)
          from unnest(k.conkey) with ordinality p (attnum, n)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.attnum)
      from pg_constraint k
      join pg_stat_user_tables p on p.relid = k.confrelid
      where k.contype = 'f'
        and p.n_tup_del > 0
        and k.connamespace = ${IN_PUBLIC}
        and not exists (
          select from pg_index i
          where i.indrelid = k.conrelid
            and i.indisvalid
            and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
            and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ 'IS NOT NULL'))
      order by 1, 2`,
    values: [],
  };
}

/**
 * Tables with many dead rows that `vacuum` has not freed. **Shape**: rows of table, live rows, dead rows, instant of the last vacuum of
 * either kind.
 */
export function bloatedTables(minRows: number): Statement {
  return {
    name: 'inspect_bloated_tables',
    text: `
      select s.relname, s.n_live_tup::float8, s.n_dead_tup::float8, greatest(s.last_vacuum, s.last_autovacuum)::text
      from pg_stat_user_tables s
      where s.schemaname = 'public'
        and s.n_dead_tup >= $1
        and s.n_dead_tup > s.n_live_tup / 5
      order by s.n_dead_tup desc`,
    values: [minRows],
  };
}

/** Bytes of a page that hold entries, and of an entry beside its columns: header, alignment, pointer. */
const PAGE_BYTES = 8_152;
const ENTRY_BYTES = 16;

/**
 * B-tree indexes that are at least twice as large as their entries need, by an estimate from the widths that `analyze` found. **Shape**: rows
 * of table, index, bytes, bytes that would do. Those that cannot be estimated are told by {@link unestimatedIndexes}. What
 * PostgreSQL saves by storing equal keys once makes the estimate too large, never too small.
 */
export function bloatedIndexes(minBytes: number): Statement {
  return {
    name: 'inspect_bloated_indexes',
    text: `
      with indexes as (
        select i.indrelid::regclass::text as table_name, c.relname, c.reltuples, pg_relation_size(c.oid)::float8 as bytes,
          ${ENTRY_BYTES} + (
            select case when count(*) = count(s.avg_width) then sum(s.avg_width * (1 - s.null_frac)) end
            from pg_attribute a
            join pg_class t on t.oid = i.indrelid
            left join pg_stats s on s.schemaname = 'public' and s.tablename = t.relname and s.attname = a.attname
            where a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])
          ) as entry
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_am m on m.oid = c.relam
        where c.relnamespace = ${IN_PUBLIC} and m.amname = 'btree' and i.indexprs is null and c.reltuples >= 0
      ), estimates as (
        select *, (1 + ceil(reltuples * entry / (${PAGE_BYTES} * 0.9))) * current_setting('block_size')::float8 as needed
        from indexes
      )
      select table_name, relname, bytes, needed
      from estimates
      where bytes >= $1 and bytes > 2 * needed
      order by bytes - needed desc`,
    values: [minBytes],
  };
}

/**
 * Indexes of which {@link bloatedIndexes} can say nothing. **Shape**: rows of table, its indexes, why: they are of another kind than B-tree, on
 * an expression, the user may not read a column (`grant`), row-level security hides the statistics from this user, or there are none
 * (`statistics`).
 */
export function unestimatedIndexes(minBytes: number): Statement {
  return {
    name: 'inspect_unestimated_indexes',
    text: `
      with reasons as (
        select i.indrelid::regclass::text as table_name, c.relname, case
            when m.amname <> 'btree' then 'kind'
            when i.indexprs is not null then 'expression'
            when exists (
              select from unnest(i.indkey::int2[]) k (n) where not has_column_privilege(i.indrelid, k.n, 'select')
            ) then 'grant'
            when row_security_active(i.indrelid) then 'row-security'
            when c.reltuples < 0 or exists (
              select from pg_attribute a
              where a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])
                and not exists (
                  select from pg_stats s
                  where s.schemaname = 'public' and s.tablename = t.relname and s.attname = a.attname)
            ) then 'statistics'
          end as reason
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_class t on t.oid = i.indrelid
        join pg_am m on m.oid = c.relam
        where c.relnamespace = ${IN_PUBLIC} and c.relkind = 'i' and pg_relation_size(c.oid) >= $1
      )
      select table_name, array_agg(relname::text order by relname), reason
      from reasons
      where reason is not null
      group by table_name, reason
      order by reason, table_name`,
    values: [minBytes],
  };
}
