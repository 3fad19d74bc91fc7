import type { Interval } from '../../bars/bar.types.js';
import type { Statement } from '../../database/statement.js';
import { BARS } from '../../stock-data/bars.types.js';
import type { FastRole } from '../parse/fast-pass.js';
import { newestTime } from './staging.queries.js';

/** The bars' column for each column that a file may have. **Shape**: none for what no bar keeps or what takes two columns to say. */
const COLUMNS: Readonly<Partial<Record<FastRole, string>>> = {
  date: BARS.key,
  datetime: BARS.key,
  symbol: BARS.scope,
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
  adjClose: 'adj_close',
  volume: 'volume',
};

/** The columns of the bars that a file's columns go to, in file order; null when some go nowhere. */
export function barColumns(roles: readonly FastRole[]): readonly string[] | null {
  const columns = roles.map((role) => COLUMNS[role]);
  return columns.every((column) => column !== undefined) ? columns : null;
}

/** Copies lines straight into the bars. **Shape**: `columns` in the order of the lines' fields. */
export function copyBars(columns: readonly string[]): Statement {
  const list = columns.map((column) => `"${column}"`).join(', ');
  return {
    name: 'import_copy_bars',
    text: `copy ${BARS.table} (${list}) from stdin with (format csv)`,
    values: [],
    prepared: false,
  };
}

/** Reads times without an offset as UTC until the transaction ends, whatever the server thinks its zone is. */
export function timesInUtc(): Statement {
  return { name: 'import_utc', text: `select set_config('timezone', 'UTC', true)`, values: [] };
}

/**
 * Whether any bar of these series lies in the future. **Shape**: one row, one boolean.
 *
 * **Why** the newest one of each: it stands at the end of the primary key, where all others need not be looked at.
 */
export function hasFutureBars(input: {
  interval: Interval;
  series: readonly number[];
  branchId: number;
}): Statement {
  return {
    name: `import_future_${input.interval}`,
    text: `
      select coalesce(bool_or(e.last > ${newestTime(input.interval)}), false)
      from (
        select (
          select v.${BARS.key}
          from ${BARS.table} v
          where v.${BARS.scope} = s.id and v.branch_id = $2
          order by v.${BARS.key} desc
          limit 1
        ) as last
        from unnest($1::int[]) s (id)
      ) e`,
    values: [input.series, input.branchId],
    prepared: false,
  };
}

const LEAST_COPY_MS = 30_000;
const COPY_MS_PER_MB = 1_000;

/**
 * The longest that a copy behind the commit lock may take, ten times what is measured for its size. **Units**: bytes. It ends a client
 * that sends too slowly; one that sends nothing is ended by `StalledTurns`.
 */
export function copyTime(bytes: number): Statement {
  const ms = LEAST_COPY_MS + Math.ceil(bytes / 1_000_000) * COPY_MS_PER_MB;
  return {
    name: 'import_copy_time',
    text: `select set_config('statement_timeout', $1, true)`,
    values: [String(ms)],
  };
}
