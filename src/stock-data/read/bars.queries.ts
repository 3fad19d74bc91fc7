import type { Statement } from '../../database/statement.js';
import type { Interval } from '../../bars/bar.types.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import { barJson } from '../bar.format.js';

/** The head of the snapshot, as one text; see `StoreHistory`. */
const HEAD = StoreHistory.head();

/** The number in a head as `barPage` gives it. */
export function headNumber(head: unknown): number {
  return Number.parseInt(String(head), 10);
}

/** A page that was read before: of which series, at which head. */
export interface ReadPage {
  readonly seriesId: number;
  readonly head: string;
}

/**
 * Whether pages that were read at a head are what would be read now.
 *
 * **Shape**: one row: the head of this snapshot; a letter for each page, in their order: `o` when it is of another history, `t` when a
 * revision touched its series since, `s` when it is the same.
 */
export function areStillTrue(pages: readonly ReadPage[]): Statement {
  return {
    name: 'bars_still_true',
    text: `
      select
        ${HEAD},
        string_agg(
          case
            when (
              select r.id || ' ' || extract(epoch from r.created_at) from revisions r where r.id = p.revision
            ) is distinct from p.head then 'o'
            when (
              select t.revision_id
              from revision_series t
              where t.series_id = p.series_id and t.revision_id > p.revision
              limit 1
            ) is not null then 't'
            else 's'
          end,
          '' order by p.place)
      from unnest($1::int[], $2::bigint[], $3::text[]) with ordinality p (series_id, revision, head, place)`,
    values: [
      pages.map(({ seriesId }) => seriesId),
      pages.map(({ head }) => headNumber(head)),
      pages.map(({ head }) => head.split(' ', 2).join(' ')),
    ],
  };
}

/**
 * The part of a range in which bars of a series were known by a revision, on any branch.
 *
 * **Shape**: one row: the head; both ends, null when none was known by then.
 */
export function knownRange(input: {
  readonly seriesId: number;
  readonly revision: number;
  readonly from: string | null;
  readonly to: string | null;
}): Statement {
  return {
    name: 'bars_known_range',
    text: `
      select
        ${HEAD},
        case when count(*) > 0 then greatest($3::timestamptz, min(t.first_ts)) end,
        case when count(*) > 0 then least($4::timestamptz, max(t.last_ts)) end
      from revision_series t
      where t.series_id = $1 and t.revision_id <= $2`,
    values: [input.seriesId, input.revision, input.from, input.to],
  };
}

/** **Shape**: one row: head, the bar as JSON text (null when the branch shows none), the revision that brought it. */
export function oneBar(input: {
  seriesId: number;
  interval: Interval;
  point: ReadPoint;
  ts: string;
}): Statement {
  const { point, interval } = input;
  const values: unknown[] = [input.seriesId, input.ts];
  const segments = point.lineage.map((segment, depth) => {
    values.push(segment.branchId, segment.revision);
    return `
      select v.*, ${depth} as depth
      from stock_data v
      where v.series_id = $1 and v.branch_id = $${values.length - 1} and v.ts = $2
        and v.valid_from <= $${values.length} and v.valid_to > $${values.length}`;
  });
  return {
    name: `bar_${interval}_${segments.length}`,
    text: `
      select
        ${HEAD},
        case when not b.withdrawn then ${barJson(interval, 'b')} end,
        b.valid_from::float8
      from (select 1) one
      left join lateral (
        select * from (${segments.join(' union all ')}) u order by u.depth limit 1
      ) b on true`,
    values,
  };
}
