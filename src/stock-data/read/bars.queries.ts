import type { Statement } from '../../database/statement.js';
import type { Interval } from '../../bars/bar.types.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import { barCsv, barJson, type BarFormat } from '../bar.format.js';

/** What a page of bars asks for. Bounds are inclusive and in UTC; the next page begins at the bar that this one names. */
export interface BarPage {
  readonly seriesId: number;
  readonly interval: Interval;
  readonly point: ReadPoint;
  readonly from: string | null;
  readonly to: string | null;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** The head of the snapshot, as one text; see `StoreHistory`. */
const HEAD = StoreHistory.head();

/** The number in a head as {@link barPage} gives it. */
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
 * A page of bars and the first one behind it, written by PostgreSQL.
 *
 * **Shape**: one row: the head of this very snapshot (see {@link headNumber}); the bars as text, joined (null when there are none); how many,
 * which is one more than `limit` when there are more; the `ts` of the last of them.
 *
 * Each segment of the lineage reads the primary key in order and stops at the limit. It gives only bars that the branch shows:
 * those that a nearer segment knows, also as withdrawn, are passed over.
 *
 * **Why** the bar behind the page is written too, for the caller to cut off: numbering the rows to leave it out costs a sixth of
 * the statement's time. **Why** a look at the key for each bar of a further segment, and not a merge of the segments that
 * keeps the first of equal bars: of a prepared statement with two bounds PostgreSQL expects a handful of rows, sorts, and so reads
 * the whole history of the series for each page.
 */
export function barPage(page: BarPage, as: BarFormat): Statement {
  const { point, order, interval } = page;
  const text = as === 'json' ? barJson(interval, 'b') : barCsv(interval, 'b');
  const values: unknown[] = [page.seriesId, page.limit, page.from ?? '-infinity', page.to ?? 'infinity'];
  const places = point.lineage.map(({ branchId, revision }): SegmentPlace => {
    values.push(branchId, revision);
    return { branch: values.length - 1, revision: values.length };
  });
  const segments = places.map((place, depth) => shownOf(place, { order, nearer: places.slice(0, depth) }));
  const source =
    segments.length === 1
      ? segments[0]
      : `select * from (${segments.map((sql) => `(${sql})`).join(' union all ')}) u order by u.ts ${order} limit $2 + 1`;
  return {
    name: `bars_${as}_${interval}_${order}_${segments.length}`,
    text: `
      select
        ${HEAD},
        string_agg(b.line, ${as === 'json' ? `','` : `E'\\n'`} order by b.ts ${order}),
        count(*)::int,
        ${order === 'asc' ? 'max' : 'min'}(b.ts)
      from (
        select b.ts, ${text} as line
        from (${source}) b
      ) b`,
    values,
  };
}

/** The numbers of the parameters that hold a segment's branch and revision. */
interface SegmentPlace {
  readonly branch: number;
  readonly revision: number;
}

/** The bars of one segment that none of the nearer ones knows, as many as a page needs. */
function shownOf(
  place: SegmentPlace,
  { order, nearer }: { readonly order: 'asc' | 'desc'; readonly nearer: readonly SegmentPlace[] },
): string {
  // With a limit, so that it stays a look at the key for each bar, whatever the planner expects.
  const unknownTo = (other: SegmentPlace): string => `
      and (select true from stock_data h where h.ts = v.ts and ${ofSegment('h', other)} limit 1) is null`;
  return `
    select v.*
    from stock_data v
    where ${ofSegment('v', place)}
      and v.ts >= $3 and v.ts <= $4
      and not v.withdrawn${nearer.map(unknownTo).join('')}
    order by v.ts ${order}
    limit $2 + 1`;
}

function ofSegment(alias: string, { branch, revision }: SegmentPlace): string {
  return `${alias}.series_id = $1 and ${alias}.branch_id = $${branch}
      and ${alias}.valid_from <= $${revision} and ${alias}.valid_to > $${revision}`;
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
