import type { Statement } from '../../database/statement.js';
import { BARS } from '../../stock-data/bars.types.js';
import { barColumns } from '../staging/direct.queries.js';
import type { FastRole } from '../parse/fast-pass.js';

/** Above the last version of every bar that holds. */
const OPEN = '9223372036854775807';

/** Which bars, and how a line of the file is made. */
export interface StoredLines {
  readonly roles: readonly FastRole[];
  readonly symbol: string;
  readonly seriesId: number;
  readonly branchId: number;
  /** The oldest time, in UTC; `after` leaves that one out. */
  readonly from: string;
  readonly after: boolean;
  readonly limit: number;
}

/** Prints days and times as ISO 8601 has them until the transaction ends, whatever the server is used to. */
export function isoTimes(): Statement {
  return { name: 'import_iso', text: `select set_config('datestyle', 'ISO', true)`, values: [] };
}

/**
 * The bars of a series as lines of a file, without zeros that say nothing, oldest first. **Shape**: one row: the lines, each with its line
 * break, how many, and the time of the last; no text and 0 when there are none. A bar that says more than the file has columns for becomes
 * a line that no file has.
 *
 * **Why** text made here and compared in the service: 1.3 s of this server for a million bars, beside the reading of the file. To take
 * the file in and compare rows takes it 2.6 s, behind the reading.
 */
export function storedLines(input: StoredLines): Statement {
  const { roles, symbol, seriesId, branchId, from, after, limit } = input;
  const kept = new Set(barColumns(roles));
  const left = BARS.values.filter((column) => !kept.has(column)).map((column) => `q."${column}"`);
  const surplus = left.length === 0 ? 'null' : `case when num_nonnulls(${left.join(', ')}) > 0 then '!' end`;
  const line = `format(E'${roles.map(() => '%s').join(',')}%s\\n', ${roles.map(field).join(', ')}, ${surplus})`;
  return {
    name: `import_stored_${after ? 'after' : 'from'}_${roles.join('_')}`,
    text: `
      select string_agg(${line}, '' order by q.${BARS.key}), count(*)::int,
        to_char(max(q.${BARS.key}) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
      from (
        select *
        from ${BARS.table} v
        where v.${BARS.scope} = $1 and v.branch_id = $2 and v.valid_to = ${OPEN} and not v.withdrawn
          and v.${BARS.key} ${after ? '>' : '>='} $3::timestamp at time zone 'UTC'
        order by v.${BARS.key}
        limit $4
      ) q
      ${roles.includes('symbol') ? 'cross join (select $5::text as symbol) s' : ''}`,
    values: [seriesId, branchId, from, limit, ...(roles.includes('symbol') ? [symbol] : [])],
    prepared: false,
  };
}

function field(role: FastRole): string {
  if (role === 'symbol') return 's.symbol';
  if (role === 'date') return `(q.${BARS.key} at time zone 'UTC')::date`;
  if (role === 'datetime') return `q.${BARS.key} at time zone 'UTC'`;
  return `q."${barColumns([role])?.[0] ?? role}"`;
}
