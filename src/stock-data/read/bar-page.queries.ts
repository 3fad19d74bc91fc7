import type { Statement } from '../../database/statement.js';
import type { Interval } from '../../bars/bar.types.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import { barCsv, barJson, type BarFormat } from '../bar.format.js';
import { firstOf, ofSegment, placesOf, versionsOf, type SegmentPlace } from '../segments.queries.js';

/** What a page of bars asks for. Bounds are inclusive and in UTC; the next page begins at the bar that this one names. */
export interface BarPage {
  readonly seriesId: number;
  readonly interval: Interval;
  readonly point: ReadPoint;
  readonly from: string | null;
  readonly to: string | null;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** How many versions are looked at in each segment of the lineage; {@link usualScan} when it does not say. */
  readonly scan?: number | undefined;
}

/** Enough for a page of bars that were corrected a few times after the revision, and for gaps of years of withdrawn days. */
function usualScan(limit: number): number {
  return 4 * limit + 4_000;
}

/**
 * A page of bars and the first one behind it, written by PostgreSQL.
 *
 * **Shape**: one row: the head of this very snapshot; the bars as text, joined (null when there are none); how many, which is one more
 * than `limit` when there are more; the `ts` of the last of them; where the reading was cut: the bars before that `ts` are all there,
 * null when it came to the end. Where there are more than `limit`, a cut says nothing.
 *
 * Each segment of the lineage reads the primary key in order and stops at the limit. It gives only bars that the branch shows:
 * those that a nearer segment knows, also as withdrawn, are passed over.
 *
 * **Why** a bound on what is looked at: after an import of two million bars was reverted, the way to the first bar that is shown leads over two
 * million that are not, and took 3 to 9 s in one statement. It stands inside, where only the key is compared, because what is looked at in vain
 * has to count.
 * **Why** the bar behind the page is written too, for the caller to cut off: numbering the rows to leave it out costs a sixth of
 * the statement's time. **Why** a look at the key for each bar of a further segment, and not a merge of the segments that
 * keeps the first of equal bars: of a prepared statement with two bounds PostgreSQL expects a handful of rows, sorts, and so reads
 * the whole history of the series for each page.
 */
export function barPage(page: BarPage, as: BarFormat): Statement {
  const { point, order, interval, limit, scan = usualScan(limit) } = page;
  const text = as === 'json' ? barJson(interval, 'b') : barCsv(interval, 'b');
  const values: unknown[] = [page.seriesId, limit, page.from ?? '-infinity', page.to ?? 'infinity', scan];
  const places = placesOf(point.lineage, values);
  const { steps, bars, cut } = places.length === 1 ? ofOne(places, order) : ofSeveral(places, order);
  return {
    name: `bars_${as}_${interval}_${order}_${places.length}`,
    text: `
      ${steps}
      select
        ${StoreHistory.head()},
        string_agg(b.line, ${as === 'json' ? `','` : `E'\\n'`} order by b.ts ${order}),
        count(*)::int,
        ${order === 'asc' ? 'max' : 'min'}(b.ts),
        ${cut}
      from (
        select b.ts, ${text} as line
        from (${bars}) b
      ) b`,
    values,
  };
}

type Order = BarPage['order'];

/** How a statement comes to the bars of a page. **Shape**: `cut` stands beside the page's rows as `b`. */
interface PageSql {
  readonly steps: string;
  readonly bars: string;
  readonly cut: string;
}

/** Looked for only when the page is not full, so that a full one costs nothing more. */
function ofOne(places: readonly SegmentPlace[], order: Order): PageSql {
  return {
    steps: '',
    bars: places.map((place) => shownOf(place, { order, nearer: [] })).join(''),
    cut: places.map((place) => `case when count(*) <= $2 then (${cutOf(place, order)}) end`).join(''),
  };
}

/** Behind the first cut of any segment, others may show bars that a further look at that one would bring in between or hide. */
function ofSeveral(places: readonly SegmentPlace[], order: Order): PageSql {
  const segments = places.map((place, depth) => shownOf(place, { order, nearer: places.slice(0, depth) }));
  const cuts = places.map(
    (place, depth) => `
        (select case when (select count(*) from s${depth}) <= $2 then (${cutOf(place, order)}) end as ts)`,
  );
  const isBefore =
    order === 'asc'
      ? `< coalesce((select ts from cut), 'infinity')`
      : `> coalesce((select ts from cut), '-infinity')`;
  return {
    steps: `with
      ${segments.map((sql, depth) => `s${depth} as materialized (${sql})`).join(',\n      ')},
      cut as materialized (select ${firstOf(order)}(c.ts) as ts from (${cuts.join(' union all ')}) c)`,
    bars: `
      select * from (${places.map((_, depth) => `select * from s${depth}`).join(' union all ')}) u
      where u.ts ${isBefore}
      order by u.ts ${order}
      limit $2 + 1`,
    cut: '(select ts from cut)',
  };
}

/** The bars of one segment that none of the nearer ones knows, as many as a page needs. */
function shownOf(
  place: SegmentPlace,
  { order, nearer }: { readonly order: Order; readonly nearer: readonly SegmentPlace[] },
): string {
  // With a limit, so that it stays a look at the key for each bar, whatever the planner expects.
  const unknownTo = (other: SegmentPlace): string => `
      and (select true from stock_data h where h.ts = v.ts and ${ofSegment('h', other)} limit 1) is null`;
  return `
    select v.*
    from (
      select v.*${versionsOf('v', place, { order, upper: '<=' })}
      limit $5
    ) v
    where v.valid_from <= $${place.revision} and not v.withdrawn${nearer.map(unknownTo).join('')}
    order by v.ts ${order}
    limit $2 + 1`;
}

/** The bar at which the look at a segment was cut; null when it came to the end. */
function cutOf(place: SegmentPlace, order: Order): string {
  return `select v.ts${versionsOf('v', place, { order, upper: '<=' })} offset $5 - 1 limit 1`;
}
