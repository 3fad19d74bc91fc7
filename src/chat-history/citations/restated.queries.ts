import type { Statement } from '../../database/statement.js';
import { QuotesService } from '../../stock-data/quotes/quotes.service.js';
import { shownCitation } from './citations.queries.js';

/** Where a list of restated citations goes on: behind this one. */
export type RestatedPosition = readonly [revision: number, messageId: string, ordinal: number];

/** SQL of one restated citation with its place, as JSON text: of the pin `c`, its message `m` and its standing `now`. */
export const RESTATED_ITEM = `format('{"messageId":"%s","conversationId":"%s","seq":%s,"ordinal":%s,"citation":%s}',
          c.message_id, m.conversation_id, m.seq, c.ordinal, ${shownCitation('(m.citations -> c.ordinal::int)', 'now')})`;

/** The revision since which the standing of a citation is news to its owner. */
const NEWS = 'greatest(now.changed_by, l.revision + 1)';

/** A page of somebody's restated citations. */
export interface RestatedPage {
  readonly ownerId: string;
  /** Only those that a later revision than this changed, and late ones of its time or later. */
  readonly since: number;
  readonly after: RestatedPosition | null;
  readonly limit: number;
}

/**
 * Somebody's citations whose version is no longer open, by the revision since which that is news: the last one that changed the bar, or
 * the one that comes after the time of a late citation. **Shape**: rows of that revision, message, ordinal, JSON text; one more than
 * `limit` when there are more.
 *
 * Looks at every pin of its owner, two look-ups by key for each. **Why** not by way of the revisions since:
 * from the beginning on, those that touched a stock are as many as its days.
 */
export function restatedCitations({ ownerId, since, after, limit }: RestatedPage): Statement {
  return {
    name: 'citations_restated',
    text: `
      select ${NEWS}::float8, c.message_id, c.ordinal, ${RESTATED_ITEM}
      from message_citations c
      join messages m on m.id = c.message_id
      ${QuotesService.standing('c', 'now')}
      left join late_citations l on l.message_id = c.message_id and l.ordinal = c.ordinal
      where c.owner_id = $1
        and m.owner_id = $1
        and now.restated_by is not null
        and ${NEWS} > $2
        and ($3::bigint is null or (${NEWS}, c.message_id, c.ordinal) > ($3, $4::uuid, $5::smallint))
      order by ${NEWS}, c.message_id, c.ordinal
      limit $6`,
    values: [ownerId, since, after?.[0] ?? null, after?.[1] ?? null, after?.[2] ?? null, limit + 1],
  };
}

/**
 * The pins `c`, whoever's, on what revision `$1` touched, with their standing `now`. **Why** the look-up of each span is kept apart
 * (`offset 0`): the planner expects a span to hold a ninth of all pins, and would rather read them all.
 */
const AFFECTED = `${QuotesService.touched('$1', 't')}
      cross join lateral (
        select c.*
        from message_citations c
        where c.series_id = t.series_id and c.branch_id = t.branch_id and c.ts between t.first_ts and t.last_ts
        offset 0
      ) c
      ${QuotesService.standing('c', 'now')}`;

/** **Shape**: one row: how many citations, whoever's, a revision restated. */
export function countAffected(revision: number): Statement {
  return {
    name: 'citations_affected_count',
    text: `
      select count(*)::float8
      from ${AFFECTED}
      where now.restated_by = $1`,
    values: [revision],
  };
}

/** A page of what a revision restated. `after` is message and ordinal of the last one of the page before. */
export interface AffectedPage {
  readonly revision: number;
  readonly after: readonly [messageId: string, ordinal: number] | null;
  readonly limit: number;
}

/** Citations, whoever's, that a revision restated. **Shape**: rows of message, ordinal, JSON text; one more than `limit` when there are more. */
export function affectedCitations({ revision, after, limit }: AffectedPage): Statement {
  return {
    name: 'citations_affected',
    text: `
      select c.message_id, c.ordinal,
        format('{"messageId":"%s","ordinal":%s,%s,"branch":%s,"revision":%s,"quoted":%s,"status":"%s","current":%s}',
          c.message_id, c.ordinal, is_of.members, to_json(is_of.branch), c.revision, is_of.bar, c.status, c.bar)
      from (
        select c.*, now.status, now.bar
        from ${AFFECTED}
        where now.restated_by = $1
          and ($2::uuid is null or (c.message_id, c.ordinal) > ($2, $3::smallint))
        order by c.message_id, c.ordinal
        limit $4
      ) c
      ${QuotesService.described('c', 'is_of')}
      order by c.message_id, c.ordinal`,
    values: [revision, after?.[0] ?? null, after?.[1] ?? null, limit + 1],
  };
}

/** What changes to a branch would end. `ending` is SQL of a relation of series_id and ts. */
export interface EndingQuotes {
  readonly ending: string;
  readonly branchId: number;
  /** How many are shown. */
  readonly limit: number;
}

/**
 * Citations, whoever's, of versions that changes to a branch would end. **Shape**: one row: how many, and JSON text of the first ones,
 * in the order of {@link affectedCitations}.
 */
export function quotesEnding({ ending, branchId, limit }: EndingQuotes): Statement {
  return {
    name: 'citations_quoting',
    text: `
      with quoting as materialized (
        select c.*
        from (${ending}) e
        join message_citations c on c.series_id = e.series_id and c.ts = e.ts and c.branch_id = $1
        ${QuotesService.standing('c', 'now')}
        where now.status = 'current'
      )
      select
        (select count(*)::float8 from quoting),
        '[' || coalesce((
          select string_agg(
            format('{"messageId":"%s","ordinal":%s,%s,"branch":%s,"revision":%s,"quoted":%s}',
              c.message_id, c.ordinal, is_of.members, to_json(is_of.branch), c.revision, is_of.bar),
            ',' order by c.message_id, c.ordinal)
          from (select * from quoting order by message_id, ordinal limit $2) c
          ${QuotesService.described('c', 'is_of')}
        ), '') || ']'`,
    values: [branchId, limit],
    prepared: false,
  };
}
