import type { LineageSegment } from '../versioning/versioning.types.js';
import { barJson } from './bar.format.js';

/** One bar as JSON, by whether its series `x` is daily. */
export function eitherBar(alias: string): string {
  return `case when x."interval" = '1d' then ${barJson('1d', alias)} else ${barJson('1h', alias)} end`;
}

/** The same, null where the lineage shows no bar: it was never there, or it was withdrawn. */
export function eitherBarOrNull(alias: string): string {
  return `case when ${alias}.withdrawn is false then ${eitherBar(alias)} else 'null' end`;
}

/**
 * A lateral join to what a lineage shows of the bar `k`, one look-up of the primary key for each segment. Adds its values to
 * `values`.
 */
export function joinShown(alias: string, lineage: readonly LineageSegment[], values: unknown[]): string {
  const segments = lineage.map(({ branchId, revision }, depth) => {
    values.push(branchId, revision);
    return `
        select v.*, ${depth} as depth
        from stock_data v
        where v.series_id = k.series_id and v.ts = k.ts and v.branch_id = $${values.length - 1}
          and v.valid_from <= $${values.length} and v.valid_to > $${values.length}`;
  });
  return `left join lateral (
        select * from (${segments.join(' union all ')}) u order by u.depth limit 1
      ) ${alias} on true`;
}
