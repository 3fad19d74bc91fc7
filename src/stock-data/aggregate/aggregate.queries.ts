import type { Statement } from '../../database/statement.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import type { SourceBounds } from './aggregate-bucket.format.js';
import { AGGREGATES, type AggregateInterval } from './aggregate.types.js';
import { barCsv, barJson, type BarFormat } from '../bar.format.js';
import { firstOf, placesOf, versionsOf, type SegmentPlace } from '../segments.queries.js';

/** What a page of computed bars asks for. `scan` is how many versions of source bars are looked at in each segment of the lineage. */
export interface AggregatePage extends SourceBounds {
  /** Of the source bars. */
  readonly seriesId: number;
  readonly interval: AggregateInterval;
  readonly point: ReadPoint;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly scan: number;
}

/** SQL of the start of a source bar's bucket. Buckets of `aggregate-bucket.format.ts` begin at the same instants. */
const BUCKETS: Readonly<Record<AggregateInterval, (ts: string) => string>> = {
  '1w': (ts) => `date_trunc('week', ${ts}, 'UTC')`,
  '1mo': (ts) => `date_trunc('month', ${ts}, 'UTC')`,
  '5m': bins('5 minutes'),
  '15m': bins('15 minutes'),
  '1h': bins('1 hour'),
};

function bins(length: string): (ts: string) => string {
  return (ts) => `date_bin('${length}', ${ts}, timestamptz '1970-01-01 00:00:00+00')`;
}

/**
 * A page of computed bars and the first one behind it, written by PostgreSQL.
 *
 * **Shape**: one row: the head of this very snapshot; the bars as text, joined (null when there are none); how many,
 * which is one more than `limit` when there are more; when the last of them begins; when the bucket begins in which the reading was cut:
 * those before it are whole and all there; null when it came to the end. **Units**: seconds since 1970.
 *
 * Source bars come in the order of the primary key and stop at `scan`, so that a page of the latest weeks reads those weeks,
 * however long the series is. Of the bucket that the stop cuts in two nothing is shown.
 *
 * **Why** a value is null as soon as one of the source bars it is made of has none: the highest of the known highs may be below the
 * close of a bar whose high is not known, and a sum that leaves a day out is not the volume of the week.
 */
export function aggregatePage(page: AggregatePage, as: BarFormat): Statement {
  const { point, order, interval } = page;
  const { shownAs } = AGGREGATES[interval];
  const bucket = BUCKETS[interval];
  const values: unknown[] = [
    page.seriesId,
    page.limit,
    page.from ?? '-infinity',
    page.before ?? 'infinity',
    page.scan,
  ];
  const places = placesOf(point.lineage, values);
  const seconds = (ts: string): string => `extract(epoch from ${ts})::float8`;
  return {
    name: `aggregate_${as}_${interval}_${order}_${places.length}`,
    text: `
      with
      ${places.map((place, depth) => `s${depth} as materialized (${scanOf(place, order)})`).join(',\n      ')},
      cut as materialized (select ${bucket(`${firstOf(order)}(c.ts)`)} as bucket from (${places.map((_, depth) => cutOf(depth, order)).join(' union all ')}) c)
      select
        ${StoreHistory.head()},
        string_agg(b.line, ${as === 'json' ? `','` : `E'\\n'`} order by b.ts ${order}),
        count(*)::int,
        ${seconds(`${order === 'asc' ? 'max' : 'min'}(b.ts)`)},
        ${seconds('(select bucket from cut)')}
      from (
        select b.ts, ${as === 'json' ? barJson(shownAs, 'b') : barCsv(shownAs, 'b')} as line
        from (
          select
            s.bucket as ts,
            (array_agg(s."open" order by s.ts))[1] as "open",
            case when count(s.high) = count(*) then max(s.high) end as high,
            case when count(s.low) = count(*) then min(s.low) end as low,
            (array_agg(s."close" order by s.ts))[count(*)] as "close",
            (array_agg(s.adj_close order by s.ts))[count(*)] as adj_close,
            case when count(s.volume) = count(*) then sum(s.volume) end as volume
          from (select ${bucket('v.ts')} as bucket, v.* from (${shownOf(places, order)}) v where not v.withdrawn) s
          where s.bucket ${order === 'asc' ? `< coalesce((select bucket from cut), 'infinity')` : `> coalesce((select bucket from cut), '-infinity')`}
          group by s.bucket
          order by s.bucket ${order}
          limit $2 + 1
        ) b
      ) b`,
    values,
  };
}

/** The first versions of a segment that may be shown. */
function scanOf(place: SegmentPlace, order: 'asc' | 'desc'): string {
  return `select d.*${versionsOf('d', place, { order, upper: '<' })} limit $5`;
}

/** The source bar at which the look at a segment was cut; null when it came to the end. */
function cutOf(depth: number, order: 'asc' | 'desc'): string {
  return `(select case when count(*) = $5 then ${order === 'asc' ? 'max' : 'min'}(ts) end as ts from s${depth})`;
}

/** The bars of the point among what was looked at, withdrawn ones too; a lineage keeps the nearest version of each. */
function shownOf(places: readonly SegmentPlace[], order: 'asc' | 'desc'): string {
  const segments = places.map(
    ({ revision }, depth) =>
      `select d.*, ${depth} as depth from s${depth} d where d.valid_from <= $${revision}`,
  );
  if (segments.length === 1) return segments.join('');
  return `select distinct on (u.ts) u.* from (${segments.join(' union all ')}) u order by u.ts ${order}, u.depth`;
}

/**
 * Since which revision a branch knows bars of its own of a stock at an interval.
 *
 * **Shape**: one row: the head of this very snapshot; the first revision of the point's lineage that stored such a bar, null
 * when none did.
 *
 * **Why** a span of one series: asked for it by an equation, PostgreSQL may walk all revisions in their order to find its first.
 */
export function storedSince(input: {
  symbol: string;
  interval: AggregateInterval;
  point: ReadPoint;
}): Statement {
  const { symbol, interval, point } = input;
  const values: unknown[] = [symbol, interval];
  const lineage = point.lineage.map((segment) => {
    values.push(segment.branchId, segment.revision);
    return `($${values.length - 1}::smallint, $${values.length}::bigint)`;
  });
  return {
    name: `aggregate_stored_since_${point.lineage.length}`,
    text: `
      select
        ${StoreHistory.head()},
        (
          select t.revision_id::float8
          from (
            select x.id
            from tracked_stocks s
            join stock_series x on x.tracked_stock_id = s.id and x."interval" = $2
            where s.symbol = $1
            limit 1
          ) x
          cross join lateral (
            select t.revision_id
            from revision_series t
            where t.series_id between x.id and x.id
              and (
                select true
                from revisions r
                join (values ${lineage.join(', ')}) l (branch_id, revision)
                  on l.branch_id = r.branch_id and r.id <= l.revision
                where r.id = t.revision_id
                limit 1
              )
            order by t.series_id, t.revision_id
            limit 1
          ) t
        )`,
    values,
  };
}
