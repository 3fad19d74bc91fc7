import { escapeIdentifier } from 'pg';
import type { Statement } from '../statement.js';

/** Makes the view of statistics; needs a superuser. */
export function createStatistics(): Statement {
  return {
    name: 'inspect_create_statistics',
    text: 'create extension if not exists pg_stat_statements',
    values: [],
  };
}

/**
 * Whether statements are counted. **Shape**: one row: schema of the extension in this database, null when it is not there; whether the
 * user may read statements of others; whether the server has loaded the module.
 */
export function statisticsState(): Statement {
  return {
    name: 'inspect_statistics_state',
    text: `
      select
        (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
          where e.extname = 'pg_stat_statements'),
        pg_has_role('pg_read_all_stats', 'usage'),
        current_setting('pg_stat_statements.max', true) is not null`,
    values: [],
  };
}

/** What to look for. **Shape**: `schema` is where the extension is; `database` whose statements are meant. */
export interface SlowSearch {
  readonly schema: string;
  readonly database: string;
  readonly order: 'total' | 'mean';
  readonly limit: number;
}

/**
 * The statements that took the most time. **Shape**: rows of text, null where it is somebody else's and hidden; calls, total and mean
 * in milliseconds, rows, share of the total of all statements of the database, share of pages found in memory. Statements of the
 * catalogue and of this look are left out.
 */
export function slowStatements({ schema, database, order, limit }: SlowSearch): Statement {
  return {
    name: `inspect_slow_${order}`,
    text: `
      select nullif(s.query, '<insufficient privilege>'), s.calls::float8, s.total_exec_time, s.mean_exec_time, s.rows::float8,
        s.total_exec_time / nullif(sum(s.total_exec_time) over (), 0),
        s.shared_blks_hit / nullif(s.shared_blks_hit + s.shared_blks_read, 0)::float8
      from ${escapeIdentifier(schema)}.pg_stat_statements s
      where s.dbid = (select oid from pg_database where datname = $1)
        and s.query !~* 'pg_stat_|pg_extension|pg_class'
      order by ${order === 'total' ? 's.total_exec_time' : 's.mean_exec_time'} desc
      limit $2`,
    values: [database, limit],
    prepared: false,
  };
}
