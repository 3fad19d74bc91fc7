import type { Statement } from '../database/statement.js';
import type { Interval } from '../bars/bar.types.js';
import type { ReadPoint } from '../versioning/versioning.types.js';
import { barCsv, barJson, barMembers, type BarFormat } from './bar.format.js';

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

/** The newest revision and when it was made, as one text: `7 1767225600.000000`; `0` when there is none. */
const HEAD = `coalesce(
          (select r.id || ' ' || extract(epoch from r.created_at) from revisions r order by r.id desc limit 1), '0')`;

/** The number in a head as {@link barPage} gives it. */
export function headNumber(head: unknown): number {
  return Number.parseInt(String(head), 10);
}

/**
 * Whether a page that was read at a head is what would be read now.
 *
 * **Shape**: one row: the head of this snapshot; whether its history is the one that the page was read from; whether no
 * revision touched the series since.
 */
export function isStillTrue(page: { readonly seriesId: number; readonly head: string }): Statement {
  return {
    name: 'bars_still_true',
    text: `
      select
        ${HEAD},
        (select r.id || ' ' || extract(epoch from r.created_at) = $3 from revisions r where r.id = $2),
        not exists (select from revision_series t where t.series_id = $1 and t.revision_id > $2)`,
    values: [page.seriesId, headNumber(page.head), page.head],
  };
}

/**
 * A page of bars and the first one behind it, written by PostgreSQL.
 *
 * **Shape**: one row: the head of this very snapshot (see {@link headNumber}); the bars as text, joined (null when there are none); how many,
 * which is one more than `limit` when there are more; the `ts` of the last of them.
 *
 * One segment reads the primary key in order and stops at the limit. A lineage merges one such ordered read per segment, nearest
 * first, and keeps the first version of each bar, so it too reads no more than it shows.
 *
 * **Why** the bar behind the page is written too, for the caller to cut off: numbering the rows to leave it out costs a sixth of
 * the statement's time.
 */
export function barPage(page: BarPage, as: BarFormat): Statement {
  const { point, order, interval } = page;
  const text = as === 'json' ? barJson(interval, 'b') : barCsv(interval, 'b');
  const values: unknown[] = [page.seriesId, page.limit, page.from ?? '-infinity', page.to ?? 'infinity'];
  const segments = point.lineage.map((segment, depth) => {
    values.push(segment.branchId, segment.revision);
    return segmentSql({ depth, branch: values.length - 1, revision: values.length });
  });
  const source =
    segments.length === 1
      ? `${segments[0]} and not v.withdrawn order by v.ts ${order} limit $2 + 1`
      : `select * from (
          select distinct on (u.ts) u.* from (${segments.join(' union all ')}) u order by u.ts ${order}, u.depth
        ) n where not n.withdrawn order by n.ts ${order} limit $2 + 1`;
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

function segmentSql(input: { depth: number; branch: number; revision: number }): string {
  return `
    select v.*, ${input.depth} as depth
    from stock_data v
    where v.series_id = $1
      and v.branch_id = $${input.branch}
      and v.ts >= $3 and v.ts <= $4
      and v.valid_from <= $${input.revision} and v.valid_to > $${input.revision}`;
}

/** **Shape**: one row: head revision, the bar as JSON text (null when the branch shows none), the revision that brought it. */
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
        (select coalesce(max(id), 0)::float8 from revisions),
        case when not b.withdrawn then ${barJson(interval, 'b')} end,
        b.valid_from::float8
      from (select 1) one
      left join lateral (
        select * from (${segments.join(' union all ')}) u order by u.depth limit 1
      ) b on true`,
    values,
  };
}

/**
 * Every version of one bar that a branch shows or showed: its own, and those of its ancestors up to each fork, newest
 * first.
 *
 * **Shape**: one row: head revision, a JSON array as text. A withdrawn stretch is a version with null prices. A version that
 * ended after the point is shown as open: at the point it was.
 */
export function barVersions(input: {
  seriesId: number;
  interval: Interval;
  point: ReadPoint;
  ts: string;
}): Statement {
  const { point, interval } = input;
  const values: unknown[] = [input.seriesId, input.ts];
  const segments = point.lineage.map((segment) => {
    values.push(segment.branchId, segment.revision);
    return `($${values.length - 1}::smallint, $${values.length}::bigint)`;
  });
  return {
    name: `bar_versions_${interval}_${segments.length}`,
    text: `
      select
        (select coalesce(max(id), 0)::float8 from revisions),
        '[' || string_agg(v.line, ',' order by v.valid_from desc) || ']'
      from (
        select v.valid_from, format('{%s,"withdrawn":%s,"validFrom":%s,"validTo":%s,"branch":%s,"revision":%s}',
          ${barMembers(interval, 'v')},
          v.withdrawn::text,
          v.valid_from,
          case when v.valid_to <= l.revision then v.valid_to::text else 'null' end,
          to_json(b.name),
          (select row_to_json(j)
            from (
              select r.id, r.kind, r.source, r.message, r.author_id as "authorId",
                to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt"
            ) j)) as line
        from (values ${segments.join(', ')}) l (branch_id, revision)
        join stock_data v on v.branch_id = l.branch_id and v.valid_from <= l.revision
        join branches b on b.id = v.branch_id
        join revisions r on r.id = v.valid_from
        where v.series_id = $1 and v.ts = $2
      ) v`,
    values,
  };
}
