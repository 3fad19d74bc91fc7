import type { Statement } from '../../database/statement.js';
import { MATCH_BEGINS, MATCH_ENDS } from './snippet.js';

/** How `ts_headline` cuts: two parts of at most two dozen words each. */
const HEADLINE = [
  `StartSel=${MATCH_BEGINS}`,
  `StopSel=${MATCH_ENDS}`,
  'MaxFragments=2',
  'MaxWords=24',
  'MinWords=8',
  'FragmentDelimiter=" … "',
].join(', ');

/** The rank of a match: how close to each other the words stand, long texts counting less. */
const RANK = 'ts_rank_cd(m.search, q.query, 1)';

/** One page of a search. */
export interface SearchPage {
  readonly ownerId: string;
  readonly text: string;
  /** The text-search configuration that most messages are stored under. */
  readonly language: string;
  /** Rank, as the text that PostgreSQL gave it, and id of the last message of the page before. */
  readonly after: readonly [rank: string, id: string] | null;
  readonly limit: number;
}

/**
 * Messages that match, best first; of equal ones the newest. **Shape**: rows of id, conversation, its title, seq, role, instant,
 * rank, marked snippet; one more than `limit` when there are more.
 *
 * A message is found once, in its own conversation; where that was deleted, in the oldest fork that still shows it. Words are taken
 * in the language that each message was stored under.
 *
 * **Why no index on the words**: under row-level security PostgreSQL may use an index only for operators that are known to leak
 * nothing, and `@@` is none. So a search reads its owner's own messages and no others: 18,000 of 60,000 took 20 to 55 ms, however
 * common the words; through the index over everybody's words, which only the tables' owner can use, it was 1 to 80 ms.
 */
export function searchMessages({ ownerId, text, language, after, limit }: SearchPage): Statement {
  return {
    name: 'messages_search',
    text: `
      with asked as materialized (
        select websearch_to_tsquery($3::text::regconfig, $2) as query
      ), found as materialized (
        select m.id, coalesce(f.id, c.id) as conversation_id, coalesce(f.title, c.title) as title, m.seq, m.role,
          m.created_at, m.language, m.content, q.query, ${RANK} as rank
        from messages m
        join conversations c on c.id = m.conversation_id
        cross join asked
        cross join lateral (
          select case m.language when $3 then asked.query
            else websearch_to_tsquery(m.language::regconfig, $2) end as query
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
          and (c.deleted_at is null or f.id is not null)
          and ($4::real is null or (${RANK}, m.id) < ($4::real, $5::uuid))
        order by rank desc, m.id desc
        limit $6
      )
      select id, conversation_id, title, seq, role,
        to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), rank::text,
        ts_headline(language::regconfig, translate(content, '${MATCH_BEGINS}${MATCH_ENDS}', ''), query, $7)
      from found
      order by rank desc, id desc`,
    values: [ownerId, text, language, after?.[0] ?? null, after?.[1] ?? null, limit + 1, HEADLINE],
  };
}
