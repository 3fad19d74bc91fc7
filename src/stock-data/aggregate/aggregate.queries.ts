import type { Statement } from '../../database/statement.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import type { SourceBounds } from './aggregate-bucket.format.js';
import { AGGREGATES, type AggregateInterval } from './aggregate.types.js';
import { barCsv, barJson, type BarFormat } from '../bar.format.js';

/** What a page of computed bars asks for. `sourceRows` is how many source bars are read at most. */
export interface AggregatePage extends SourceBounds {
  /** Of the source bars. */
  readonly seriesId: number;
  readonly interval: AggregateInterval;
  readonly point: ReadPoint;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly sourceRows: number;
}

/** SQL of the start of a source bar's bucket. Buckets of `aggregate-bucket.format.ts` begin at the same instants. */
const BUCKETS: Readonly<Record<AggregateInterval, string>> = {
  '1w': `date_trunc('week', v.ts, 'UTC')`,
  '1mo': `date_trunc('month', v.ts, 'UTC')`,
  '5m': bin('5 minutes'),
  '15m': bin('15 minutes'),
  '1h': bin('1 hour'),
};

function bin(length: string): string {
  return `date_bin('${length}', v.ts, timestamptz '1970-01-01 00:00:00+00')`;
}

/**
 * A page of computed bars and the first one behind it, written by PostgreSQL.
 *
 * **Shape**: one row: the head of this very snapshot; the bars as text, joined (null when there are none); how many,
 * which is one more than `limit` when there are more; when the last of them begins, in seconds since 1970; how many source bars
 * were read, withdrawn ones among them.
 *
 * Source bars come in the order of the primary key and stop at `sourceRows`, so that a page of the latest weeks reads those weeks,
 * however long the series is. The bucket that the stop cuts in two is the last one; whether that one is shown is the caller's to see.
 *
 * **Why** a value is null as soon as one of the source bars it is made of has none: the highest of the known highs may be below the
 * close of a bar whose high is not known, and a sum that leaves a day out is not the volume of the week.
 */
export function aggregatePage(page: AggregatePage, as: BarFormat): Statement {
  const { point, order, interval } = page;
  const { shownAs } = AGGREGATES[interval];
  const values: unknown[] = [
    page.seriesId,
    page.sourceRows,
    page.from ?? '-infinity',
    page.before ?? 'infinity',
    page.limit + 1,
  ];
  return {
    name: `aggregate_${as}_${interval}_${order}_${point.lineage.length}`,
    text: `
      with source as materialized (${sourceSql(point, order, values)})
      select
        ${StoreHistory.head()},
        string_agg(b.line, ${as === 'json' ? `','` : `E'\\n'`} order by b.ts ${order}),
        count(*)::int,
        extract(epoch from ${order === 'asc' ? 'max' : 'min'}(b.ts))::float8,
        (select count(*)::int from source)
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
          from (select ${BUCKETS[interval]} as bucket, v.* from source v where not v.withdrawn) s
          group by s.bucket
          order by s.bucket ${order}
          limit $5
        ) b
      ) b`,
    values,
  };
}

/**
 * The first `$2` bars of the point in order of time, withdrawn ones too; a lineage keeps the nearest version of each bar.
 *
 * **Why** every segment stops at `$2` by itself: a segment that is cut there has shown as many bars before the cut, so no bar behind it
 * is among the first; and without a stop of its own each is sorted whole.
 */
function sourceSql(point: ReadPoint, order: 'asc' | 'desc', values: unknown[]): string {
  const segments = point.lineage.map((segment, depth) => {
    values.push(segment.branchId, segment.revision);
    return segmentSql({ depth, order, branch: values.length - 1, revision: values.length });
  });
  if (segments.length === 1) return segments.join('');
  const all = segments.map((segment) => `(${segment})`).join(' union all ');
  return `select distinct on (u.ts) u.* from (${all}) u order by u.ts ${order}, u.depth limit $2`;
}

function segmentSql(input: {
  depth: number;
  order: 'asc' | 'desc';
  branch: number;
  revision: number;
}): string {
  return `
    select d.*, ${input.depth} as depth
    from stock_data d
    where d.series_id = $1
      and d.branch_id = $${input.branch}
      and d.ts >= $3 and d.ts < $4
      and d.valid_from <= $${input.revision} and d.valid_to > $${input.revision}
    order by d.ts ${input.order}
    limit $2`;
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
