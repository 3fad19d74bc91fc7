import type { Statement } from '../../database/statement.js';
import type { LineageSegment, Proposals } from '../../versioning/versioning.types.js';
import type { BarValues, Interval } from '../../bars/bar.types.js';
import { barJson } from '../bar.format.js';

/** One corrected bar as a relation of proposals. */
export function correctedBar(seriesId: number, ts: string, values: BarValues): Proposals {
  return {
    relation: `
      select $1::int as series_id, $2::timestamptz as ts, false as withdrawn,
        $3::numeric as "open", $4::numeric as high, $5::numeric as low, $6::numeric as "close",
        $7::numeric as adj_close, $8::bigint as volume`,
    values: [
      seriesId,
      ts,
      values.open,
      values.high,
      values.low,
      values.close,
      values.adjClose,
      values.volume,
    ],
    scopes: [seriesId],
  };
}

/** **Shape**: one row: a corrected bar as JSON text, as it would be read once it stood. */
export function proposedBar(interval: Interval, { relation, values }: Proposals): Statement {
  return {
    name: `bar_proposed_${interval}`,
    text: `select ${barJson(interval, 'b')} from (${relation}) b`,
    values,
    prepared: false,
  };
}

/** One withdrawn bar as a relation of proposals. */
export function withdrawnBar(seriesId: number, ts: string): Proposals {
  return {
    relation: `
      select $1::int as series_id, $2::timestamptz as ts, true as withdrawn,
        null::numeric as "open", null::numeric as high, null::numeric as low, null::numeric as "close",
        null::numeric as adj_close, null::bigint as volume`,
    values: [seriesId, ts],
    scopes: [seriesId],
  };
}

/**
 * Tells a bar that was withdrawn from one that never was. **Shape**: one row when a lineage has a version of it, each branch up to its
 * revision: what a parent came to know after the fork was never shown.
 */
export function barEverExisted(seriesId: number, ts: string, lineage: readonly LineageSegment[]): Statement {
  return {
    name: 'bar_ever_existed',
    text: `
      select 1
      from unnest($3::smallint[], $4::bigint[]) l (branch_id, revision)
      join stock_data d on d.series_id = $1 and d.ts = $2 and d.branch_id = l.branch_id and d.valid_from <= l.revision
      limit 1`,
    values: [seriesId, ts, lineage.map(({ branchId }) => branchId), lineage.map(({ revision }) => revision)],
  };
}
