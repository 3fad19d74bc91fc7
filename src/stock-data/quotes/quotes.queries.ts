import type { Statement } from '../../database/statement.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import { timeMember } from '../bar.format.js';
import { eitherBar } from '../shown-bar.queries.js';
import type { AskedBar, QuotesPlace, SaidBar } from './quotes.types.js';

const OPEN = '9223372036854775807';

/** The field of a bar by its name in JSON, as exact text. */
const field = (alias: string): string => `(case q.field
          when 'open' then ${alias}."open" when 'high' then ${alias}.high when 'low' then ${alias}.low
          when 'close' then ${alias}."close" when 'adjClose' then ${alias}.adj_close
          else ${alias}.volume::numeric end)::text`;

/** A branch and those that it came from, each with the last revision of it that the branch shows. **Shape**: SQL of `line`. */
const lineOf = (branch: string): string => `line as (
        select b.id, b.parent_id, b.fork_revision, ${OPEN}::bigint - 1 as cap, 0 as depth
        from branches b
        where b.id = ${branch}
        union all
        select p.id, p.parent_id, p.fork_revision, least(l.cap, l.fork_revision), l.depth + 1
        from line l
        join branches p on p.id = l.parent_id
      )`;

/** A lateral join to the version that the line shows of the bar `q` of the series `x`, withdrawn ones too. */
const shownAt = (alias: string, revision: string): string => `left join lateral (
        select v.*
        from line l
        join stock_data v on v.series_id = x.id and v.ts = q.ts and v.branch_id = l.id
          and v.valid_from <= least(l.cap, ${revision}) and v.valid_to > least(l.cap, ${revision})
        order by l.depth
        limit 1
      ) ${alias} on true`;

/**
 * The versions that reads of a branch show of many bars, each at a revision of its own and none behind that of the place; all in one
 * statement, so in one snapshot.
 *
 * **Shape**: no row where there is no place; else one for each asked bar, in order: newest revision; status, name, number and stamp of the branch; the
 * place's last revision; whether the symbol is tracked; series; branch
 * and name of the branch that the version stands on, its `valid_from`, its bar as JSON text, the asked field as text; whether the version
 * was ended on its own branch. Version and bar are null where none is shown.
 */
export function shownVersions(place: QuotesPlace, asked: readonly AskedBar[]): Statement {
  // Behind a sub-select its length is not known to any plan. Else a plan for one bar seems cheaper than one for any number, and PostgreSQL
  // makes it anew each time: that took longer than all the rest of an append.
  const list = (n: number, type: string): string => `(select $${place.values.length + n}::${type}[])`;
  return {
    name: `quotes_shown_${place.name}`,
    text: `
      with recursive place (branch_id, at_most) as materialized (${place.text}),
      ${lineOf('(select p.branch_id from place p)')}
      select
        ${StoreHistory.newestRevision()},
        here.status,
        here.name,
        p.branch_id,
        ${StoreHistory.branch('here')},
        p.at_most::float8,
        s.id is not null,
        x.id,
        a.branch_id,
        (select b.name from branches b where b.id = a.branch_id),
        a.valid_from::float8,
        case when a.withdrawn is false then ${eitherBar('a')} end,
        case when a.withdrawn is false then ${field('a')} end,
        a.valid_to <> ${OPEN}
      from place p
      join branches here on here.id = p.branch_id
      cross join unnest(${list(1, 'text')}, ${list(2, 'text')}, ${list(3, 'timestamptz')}, ${list(4, 'bigint')}, ${list(5, 'text')})
        with ordinality q (symbol, "interval", ts, revision, field, place)
      left join tracked_stocks s on s.symbol = q.symbol
      left join stock_series x on x.tracked_stock_id = s.id and x."interval" = q."interval"
      ${shownAt('a', 'least(q.revision, p.at_most)')}
      order by q.place`,
    values: [
      ...place.values,
      asked.map(({ symbol }) => symbol),
      asked.map(({ interval }) => interval),
      asked.map(({ ts }) => ts),
      asked.map(({ revision }) => revision),
      asked.map((bar) => bar.field),
    ],
  };
}

/**
 * Since when, behind a revision, a branch showed what was said of bars. **Shape**: a row for each, in order: the first revision behind its
 * own that brought such a bar with that value, any with null; null when none did. What was ended or withdrawn since counts.
 */
export function shownBehind(branchId: number, asked: readonly SaidBar[]): Statement {
  return {
    name: 'quotes_shown_behind',
    text: `
      with recursive ${lineOf('$1')}
      select (
        select min(v.valid_from)::float8
        from line l
        join stock_data v on v.series_id = q.series_id and v.ts = q.ts and v.branch_id = l.id
        where v.valid_from <= l.cap
          and v.valid_from > q.revision
          and not v.withdrawn
          and (q.value is null or ${field('v')} = q.value)
      )
      from unnest($2::int[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[])
        with ordinality q (series_id, ts, revision, field, value, place)
      order by q.place`,
    values: [
      branchId,
      asked.map(({ seriesId }) => seriesId),
      asked.map(({ ts }) => ts),
      asked.map(({ revision }) => revision),
      asked.map((bar) => bar.field),
      asked.map(({ value }) => value),
    ],
  };
}

/**
 * A lateral join that tells how the version `pin` (series_id, branch_id, ts, revision) stands now on its own branch. **Shape**: at most one
 * row of `status` (current, restated, withdrawn), `restated_by` (the revision that ended it, null while it is open), `changed_by` (the
 * revision that brought what stands there now) and `bar` (that as JSON text, `null` when withdrawn). No row when `pin` has none.
 */
export function standingJoin(pin: string, alias: string): string {
  const same = (version: string): string =>
    `${version}.series_id = ${pin}.series_id and ${version}.branch_id = ${pin}.branch_id and ${version}.ts = ${pin}.ts`;
  return `left join lateral (
        select
          case when o.valid_from = ${pin}.revision then 'current' when o.withdrawn then 'withdrawn' else 'restated' end as status,
          case when o.valid_from <> ${pin}.revision
            then (select e.valid_to from stock_data e where ${same('e')} and e.valid_from = ${pin}.revision)
          end as restated_by,
          o.valid_from as changed_by,
          case when o.withdrawn then 'null' else ${eitherBar('o')} end as bar
        from stock_data o
        join stock_series x on x.id = o.series_id
        where ${same('o')} and o.valid_to = ${OPEN}
      ) ${alias} on true`;
}

/**
 * Joins to versions `pin` each revision that changed their bar on their own branch since: the one that ended the version, and those after
 * it. **Shape**: `<alias>.revision_id`, by which the caller limits what is looked at; none while the version is open. For pins that are
 * few, such as one owner's: those on series that no such revision touched cost nothing more.
 *
 * **Why** no branch: a version of the pin's branch was only brought by a revision of it.
 */
export function changedJoin(pin: string, alias: string): string {
  return `join revision_series ${alias} on ${alias}.series_id = ${pin}.series_id
        and ${pin}.ts between ${alias}.first_ts and ${alias}.last_ts
        and ${alias}.revision_id > ${pin}.revision
      join stock_data ${alias}_version on ${alias}_version.series_id = ${pin}.series_id
        and ${alias}_version.branch_id = ${pin}.branch_id and ${alias}_version.ts = ${pin}.ts
        and ${alias}_version.valid_from = ${alias}.revision_id`;
}

/** What a revision touched: a relation of series_id, branch_id, first_ts, last_ts. The way to the pins of everybody, by their key. */
export function touchedBy(revision: string, alias: string): string {
  return `(
        select t.series_id, r.branch_id, t.first_ts, t.last_ts
        from revision_series t
        join revisions r on r.id = t.revision_id
        where t.revision_id = ${revision}
      ) ${alias}`;
}

/**
 * A lateral join that tells what the version `pin` is of. **Shape**: one row of `members` (symbol, interval and time as members of
 * JSON), `branch` (its name) and `bar` (JSON text). With a limit, so that it stays a look-up for each pin, whatever the planner expects.
 */
export function describedJoin(pin: string, alias: string): string {
  return `cross join lateral (
        select
          format('"symbol":%s,"interval":"%s",%s', to_json(s.symbol), x."interval", ${timeMember('v')}) as members,
          b.name as branch,
          ${eitherBar('v')} as bar
        from stock_data v
        join stock_series x on x.id = v.series_id
        join tracked_stocks s on s.id = x.tracked_stock_id
        join branches b on b.id = v.branch_id
        where v.series_id = ${pin}.series_id and v.branch_id = ${pin}.branch_id and v.ts = ${pin}.ts
          and v.valid_from = ${pin}.revision
        limit 1
      ) ${alias}`;
}
