import type { Statement } from '../../database/statement.js';
import { moment, type MessagePlace } from '../messages/message-place.queries.js';
import { HEADLINE, MARKING } from './headline.queries.js';

/**
 * The most that one request looks through: so many messages, or so much text, newest first. **Why** both: short messages cost by their
 * number, long ones by their length; whichever it is, a request ends, and the next one goes on behind it.
 */
export const MOST_MESSAGES = 10_000;
const MOST_BYTES = 8 * 1024 * 1024;

/** How much content the snippets of one page are made of, and one message more. **Units**: bytes. */
const MOST_SHOWN = 512 * 1024;

/**
 * The rank of a match: how close to each other the words stand, long texts counting less. Queries of more than some twenty words are
 * not ranked: 140 words took 6 s for a single long message, 20 take 17 ms.
 */
const RANK = `case when numnode(q.query) < 40 then ts_rank_cd(m.search, q.query, 1) else 0::real end`;

/** One page of a search. */
export interface SearchPage {
  readonly ownerId: string;
  readonly text: string;
  /** The text-search configuration that most messages are stored under. */
  readonly language: string;
  /** The newest message to look through; null for the newest there is. */
  readonly newest: MessagePlace | null;
  /** Where the part that is looked through ends, when that is known. */
  readonly oldest: MessagePlace | null;
  /** Rank, as the text that PostgreSQL gave it, and place of the last message of the page before, in the same part. */
  readonly after: readonly [rank: string, ...MessagePlace] | null;
  readonly limit: number;
}

const FIRST: MessagePlace = ['-infinity', '00000000-0000-0000-0000-000000000000'];
const LAST: MessagePlace = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

/** Whether the end of the part that is looked through was given. */
const IS_BOUNDED = `$6::timestamptz <> '${FIRST[0]}'`;

/**
 * A part of the owner's messages: the newest from `$4` and `$5` on, down to `$6` and `$7` or as many as one request looks through.
 * **Shape**: `part` has one row: instant and id of the newest, of the oldest, and of the one behind it.
 *
 * **Why** the instants twice, here and below: of a comparison of rows the planner does not expect that it leaves out much, and took two other
 * indexes instead of the one that has owner and instant.
 */
const PART = `
      numbered as (
        select created_at, id, place,
          place <= ${MOST_MESSAGES} and (place = 1 or bytes <= ${MOST_BYTES}) or ${IS_BOUNDED} as is_in
        from (
          select created_at, id, row_number() over newest_first as place, sum(bytes) over newest_first as bytes
          from (
            select m.created_at, m.id, octet_length(m.content) as bytes
            from messages m
            where m.owner_id = $1
              and m.created_at between $6::timestamptz and $4::timestamptz
              and (m.created_at, m.id) <= ($4::timestamptz, $5::uuid)
              and (m.created_at, m.id) >= ($6::timestamptz, $7::uuid)
            order by m.created_at desc, m.id desc
            limit case when not ${IS_BOUNDED} then ${MOST_MESSAGES + 1} end
          ) m
          window newest_first as (order by created_at desc, id desc)
        ) m
      ), part as materialized (
        select
          (array_agg(created_at order by place) filter (where is_in))[1] as newest_at,
          (array_agg(id order by place) filter (where is_in))[1] as newest,
          (array_agg(created_at order by place desc) filter (where is_in))[1] as oldest_at,
          (array_agg(id order by place desc) filter (where is_in))[1] as oldest,
          (array_agg(created_at order by place) filter (where not is_in))[1] as next_at,
          (array_agg(id order by place) filter (where not is_in))[1] as next
        from numbered
      )`;

/** A place as an array of texts, null when there is none. */
const place = (name: string): string =>
  `case when part.${name} is not null then array[${moment(`part.${name}_at`)}, part.${name}::text] end`;

/**
 * Messages that match, best first; of equal ones the newest. **Shape**: at least one row: places of the newest and oldest message of the part that was
 * looked through, and the one that the next part begins with (null: there is none, or the page had `oldest`); whether more of this part
 * follow; and id (null: nothing was found), conversation, its title, seq, role, instant, rank, marked snippet,
 * and the instant with all its digits.
 *
 * A message is found once, in its own conversation; where that was deleted, in the oldest fork that still shows it. Words are taken
 * in the language that each message was stored under.
 *
 * **Why no index on the words**: under row-level security PostgreSQL may use an index only for operators that are known to leak
 * nothing, and `@@` is none. So a search reads its owner's own messages and no others: 18,000 of 60,000 took 20 to 55 ms, however
 * common the words; through the index over everybody's words, which only the tables' owner can use, it was 1 to 80 ms.
 */
export function searchMessages(page: SearchPage): Statement {
  const { ownerId, text, language, newest, oldest, after, limit } = page;
  return {
    name: 'messages_search',
    text: `
      with asked as materialized (
        select websearch_to_tsquery($3::text::regconfig, search_text($2)) as query
      ), ${PART}, matching as materialized (
        select m.id, coalesce(f.id, c.id) as conversation_id, coalesce(f.title, c.title) as title, m.seq, m.role,
          m.created_at, m.language, m.content, q.query, ${RANK} as rank
        from messages m
        join conversations c on c.id = m.conversation_id
        cross join asked
        cross join lateral (
          select case m.language when $3 then asked.query
            else websearch_to_tsquery(m.language::regconfig, search_text($2)) end as query
        ) q
        left join lateral (
          with recursive fork as (
            select f.id, f.title, f.deleted_at
            from conversations f
            where c.deleted_at is not null and f.parent_id = c.id and f.fork_seq >= m.seq
            union all
            select f.id, f.title, f.deleted_at
            from conversations f
            join fork on f.parent_id = fork.id
            where f.fork_seq >= m.seq
          )
          select fork.id, fork.title from fork where fork.deleted_at is null order by fork.id limit 1
        ) f on true
        where m.owner_id = $1 and m.redacted_at is null and m.search @@ q.query
          and m.created_at between (select oldest_at from part) and (select newest_at from part)
          and (m.created_at, m.id) >= ((select oldest_at from part), (select oldest from part))
          and (m.created_at, m.id) <= ((select newest_at from part), (select newest from part))
          and (c.deleted_at is null or f.id is not null)
          and ($8::real is null or (${RANK}, m.created_at, m.id) < ($8::real, $9::timestamptz, $10::uuid))
        order by rank desc, m.created_at desc, m.id desc
        limit $11
      ), found as materialized (
        select *, row_number() over best_first as place,
          sum(octet_length(content)) over best_first - octet_length(content) as bytes_before
        from matching
        window best_first as (order by rank desc, created_at desc, id desc)
      ), ${MARKING}
      select ${place('newest')}, ${place('oldest')}, ${place('next')},
        exists (select from found where place >= $11 or bytes_before >= ${MOST_SHOWN}) as has_more, shown.*
      from part
      left join (
        select id, conversation_id, title, seq, role,
          to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as instant, rank::text, h.marked,
          ${moment('created_at')} as moment, place
        from found
        join marking using (language) ${HEADLINE}
        where place < $11 and bytes_before < ${MOST_SHOWN}
      ) shown on true
      order by shown.place`,
    values: [
      ...[ownerId, text, language, ...(newest ?? LAST), ...(oldest ?? FIRST)],
      ...(after ?? [null, null, null]),
      limit + 1,
    ],
  };
}
