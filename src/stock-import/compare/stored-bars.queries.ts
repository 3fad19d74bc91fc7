import type { Statement } from '../../database/statement.js';
import { BARS } from '../../stock-data/bars.types.js';
import { barColumns } from '../staging/direct.queries.js';
import type { FastRole } from '../parse/fast-pass.js';

/** Above the last version of every bar that holds. */
const OPEN = '9223372036854775807';

/** The bars of a series between two times, as lines of a file. */
export interface StoredPart {
  readonly symbol: string;
  readonly seriesId: number;
  /** The oldest and the newest time, both inclusive, in UTC. */
  readonly first: string;
  readonly last: string;
  /** So many at most. */
  readonly limit: number;
}

/** Prints days and times as ISO 8601 has them until the transaction ends, whatever the server is used to. */
export function isoTimes(): Statement {
  return { name: 'import_iso', text: `select set_config('datestyle', 'ISO', true)`, values: [] };
}

/**
 * Bars as lines of a file, without zeros that say nothing, oldest first. **Shape**: one row for each part, in order: the lines, each with
 * its line break, and how many; no text and 0 when there are none. A bar that says more than the file has columns for becomes a line
 * that no file has.
 *
 * **Why** text made here and compared in the service: 1.3 s of this server for a million bars, beside the reading of the file. To take
 * the file in and compare rows takes it 2.6 s, behind the reading. **Why** many parts at once: each statement costs a wait.
 */
export function storedParts(
  roles: readonly FastRole[],
  branchId: number,
  parts: readonly StoredPart[],
): Statement {
  const kept = new Set(barColumns(roles));
  const left = BARS.values.filter((column) => !kept.has(column)).map((column) => `q."${column}"`);
  const surplus = left.length === 0 ? 'null' : `case when num_nonnulls(${left.join(', ')}) > 0 then '!' end`;
  const line = `format(E'${roles.map(() => '%s').join(',')}%s\\n', ${roles.map(field).join(', ')}, ${surplus})`;
  return {
    name: `import_stored_${roles.join('_')}`,
    text: `
      select l.text, l.bars
      from unnest($2::int[], $3::text[], $4::timestamp[], $5::timestamp[], $6::int[])
        with ordinality p (series_id, symbol, first, last, at_most, n)
      cross join lateral (
        select string_agg(${line}, '' order by q.${BARS.key}) as text, count(*)::int as bars
        from (
          select *
          from ${BARS.table} v
          where v.${BARS.scope} = p.series_id and v.branch_id = $1 and v.valid_to = ${OPEN} and not v.withdrawn
            and v.${BARS.key} between (p.first at time zone 'UTC') and (p.last at time zone 'UTC')
          order by v.${BARS.key}
          limit p.at_most
        ) q
      ) l
      order by p.n`,
    values: [
      branchId,
      parts.map(({ seriesId }) => seriesId),
      parts.map(({ symbol }) => symbol),
      parts.map(({ first }) => first),
      parts.map(({ last }) => last),
      parts.map(({ limit }) => limit),
    ],
    prepared: false,
  };
}

function field(role: FastRole): string {
  if (role === 'symbol') return 'p.symbol';
  if (role === 'date') return `(q.${BARS.key} at time zone 'UTC')::date`;
  if (role === 'datetime') return `q.${BARS.key} at time zone 'UTC'`;
  return `q."${barColumns([role])?.[0] ?? role}"`;
}
