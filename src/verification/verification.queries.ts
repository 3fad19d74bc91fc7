import type { Statement } from '../database/statement.js';
import { QuotesService } from '../stock-data/quotes/quotes.service.js';

/**
 * Follows every quoted price of a page of messages to the version that it is pinned to. As the owner, who sees everybody's.
 *
 * **Shape**: one row: id of the last message (null when there is none), messages, citations, faults, and the faults as a JSON array of
 * `messageId`, `ordinal`, `fault`. Contents are not read.
 */
export function followedCitations(after: string | null, limit: number): Statement {
  return {
    name: 'verification_citations',
    text: `
      with page as materialized (
        select m.id, m.citations
        from messages m
        where $1::uuid is null or m.id > $1
        order by m.id
        limit $2
      ), cited as (
        select p.id, c.place - 1 as ordinal, c.value
        from page p
        cross join lateral jsonb_array_elements(p.citations) with ordinality c (value, place)
        where c.value ->> 'type' = 'stock-data'
      ), pinned as (
        select x.*
        from page p
        join message_citations x on x.message_id = p.id
      ), followed as (
        select
          coalesce(c.id, x.message_id) as id,
          coalesce(c.ordinal, x.ordinal) as ordinal,
          case
            when x.message_id is null then 'is pinned to no version'
            when c.id is null then 'is not in its message'
            when d.bar is null then 'is pinned to a version that is not there'
            when d.bar::jsonb <> c.value -> 'quoted' then 'quotes other values than its version has'
          end as fault
        from cited c
        full join pinned x on x.message_id = c.id and x.ordinal = c.ordinal
        left join lateral (
          select d.bar
          from (select x.series_id, x.branch_id, x.ts, x.revision) pin
          ${QuotesService.described('pin', 'd')}
        ) d on true
      )
      select
        (select p.id::text from page p order by p.id desc limit 1),
        (select count(*)::float8 from page),
        count(*)::float8,
        count(f.fault)::float8,
        coalesce(
          json_agg(json_build_object('messageId', f.id, 'ordinal', f.ordinal, 'fault', f.fault) order by f.id, f.ordinal)
            filter (where f.fault is not null),
          '[]'
        )::text
      from followed f`,
    values: [after, limit],
  };
}

/** A bar on a branch. */
export interface BarPlace {
  readonly seriesId: number;
  readonly branchId: number;
  readonly ts: string;
}

/**
 * Looks at the next versions behind a bar: each has to end where the next one of its bar begins, and the last is open.
 *
 * **Shape**: one row: the last bar that was looked at whole, as series, branch and instant (null for none); how many
 * versions of whole bars the page has; whether that was the end; faults; and the first `named` of them as a JSON array of `VersionFault`. A page that
 * ends inside a bar leaves that bar to the next one; when it has only that, it has to be asked for with a larger `limit`.
 *
 * **Why** pages of a fixed number in the order of the primary key: no sort, no memory that grows, and no snapshot that is held for hours.
 */
export function followedVersions(after: BarPlace, limit: number, named = 100): Statement {
  return {
    name: 'verification_versions',
    text: `
      with page as materialized (
        select d.series_id, d.branch_id, d.ts, d.valid_from, d.valid_to
        from stock_data d
        where (d.series_id, d.branch_id, d.ts) > ($1::int, $2::smallint, $3::timestamptz)
        order by d.series_id, d.branch_id, d.ts, d.valid_to
        limit $4::bigint
      ), ended as (
        select count(*) < $4::bigint as is_end from page
      ), cut as (
        select p.series_id, p.branch_id, p.ts
        from page p
        order by p.series_id desc, p.branch_id desc, p.ts desc
        limit 1
      ), whole as (
        select p.*,
          lead(p.valid_from) over (partition by p.series_id, p.branch_id, p.ts order by p.valid_to) as next
        from page p
        cross join cut c
        cross join ended e
        where e.is_end or (p.series_id, p.branch_id, p.ts) < (c.series_id, c.branch_id, c.ts)
      ), faulty as (
        select w.*,
          case
            when w.next is null then format('was ended by revision %s, which brought no other', w.valid_to)
            else format('was ended by revision %s, and the next one came with revision %s', w.valid_to, w.next)
          end as fault
        from whole w
        where w.valid_to <> coalesce(w.next, 9223372036854775807)
      ), told as (
        select s.symbol, x."interval", b.name as branch,
          to_char(f.ts at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as time,
          f.valid_from as revision, f.fault, f.series_id, f.branch_id, f.ts, f.valid_to
        from (select * from faulty order by series_id, branch_id, ts, valid_to limit $5) f
        left join stock_series x on x.id = f.series_id
        left join tracked_stocks s on s.id = x.tracked_stock_id
        left join branches b on b.id = f.branch_id
      ), last as (
        select w.series_id, w.branch_id, w.ts
        from whole w
        order by w.series_id desc, w.branch_id desc, w.ts desc
        limit 1
      )
      select
        (select l.series_id from last l),
        (select l.branch_id from last l),
        (select l.ts::text from last l),
        (select count(*)::float8 from whole),
        (select e.is_end from ended e),
        (select count(*)::float8 from faulty),
        (
          select coalesce(
            json_agg(json_build_object('symbol', t.symbol, 'interval', t."interval", 'branch', t.branch, 'time', t.time,
              'revision', t.revision, 'fault', t.fault) order by t.series_id, t.branch_id, t.ts, t.valid_to),
            '[]'
          )::text
          from told t
        )`,
    values: [after.seriesId, after.branchId, after.ts, limit, named],
  };
}

/** **Shape**: one row: the newest revision, 0 when there is none; how many there are; the first number that is missing before it, or null. */
export function revisionNumbers(): Statement {
  return {
    name: 'verification_revision_numbers',
    text: `
      select coalesce(max(r.id), 0)::float8, count(*)::float8,
        min(r.id - 1) filter (where r.id > 1 and not exists (select from revisions p where p.id = r.id - 1))::float8
      from revisions r`,
    values: [],
  };
}

/**
 * What a revision did: itself, each version that it brought, each that it ended. Whatever came after changes nothing about it.
 *
 * **Shape**: one row, or none: how many bars it says it changed, how many versions it brought, SHA-256 in hex.
 *
 * **Why** a sum over hashes of rows: it needs neither order nor memory, however large an import was. It finds damage; it is no proof
 * against somebody who forges rows that add up.
 */
export function revisionChecksum(revision: number): Statement {
  return {
    name: 'verification_revision_checksum',
    text: `
      select
        (r.inserted + r.corrected + r.withdrawn)::float8,
        v.brought::float8,
        encode(sha256(convert_to(row(
          r.id, b.name, r.kind, r.source, r.message, r.author_id, extract(epoch from r.created_at),
          r.inserted, r.corrected, r.withdrawn, v.brought, v.ended, v.content
        )::text, 'UTF8')), 'hex')
      from revisions r
      join branches b on b.id = r.branch_id
      cross join lateral (
        select
          count(*) filter (where d.valid_from = r.id) as brought,
          count(*) filter (where d.valid_to = r.id) as ended,
          sum(('x' || encode(substring(sha256(convert_to(row(
            s.symbol, x."interval", extract(epoch from d.ts), d.valid_from, d.valid_to = r.id, d.withdrawn,
            d."open", d.high, d.low, d."close", d.adj_close, d.volume
          )::text, 'UTF8')) from 1 for 8), 'hex'))::bit(64)::bigint::numeric) as content
        from revision_series t
        join stock_series x on x.id = t.series_id
        join tracked_stocks s on s.id = x.tracked_stock_id
        join stock_data d on d.series_id = t.series_id and d.branch_id = r.branch_id
          and d.ts between t.first_ts and t.last_ts and (d.valid_from = r.id or d.valid_to = r.id)
        where t.revision_id = r.id
      ) v
      where r.id = $1`,
    values: [revision],
  };
}
