import type { Statement } from '../../database/statement.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import { LINEAGE } from './lineage.queries.js';
import { messageJson } from './message-json.queries.js';

/** What a page of messages asks for. */
export interface MessagePage {
  readonly conversationId: string;
  readonly ownerId: string;
  readonly order: 'asc' | 'desc';
  /** The `seq` to go on behind; null for the first page. */
  readonly after: number | null;
  readonly limit: number;
}

/** How a page goes on: behind which `seq`, which is its last one, and whether there may be more. */
const DIRECTIONS = {
  asc: { behind: '>', last: 'max', more: 'max(m.seq) < c.last_seq' },
  desc: { behind: '<', last: 'min', more: 'min(m.seq) > 1' },
} as const;

/**
 * The limit `$4`. **Why** behind a sub-select: a plan that knows it looks so much cheaper than one for any limit that PostgreSQL would make
 * it anew for each page of a long conversation, which took 385 µs where reading took 155.
 */
const LIMIT = '(select $4::int)';

/** Below and above every `seq`. **Why** not null and a condition on it: behind row-level security that would not be looked up in the index. */
const START = { asc: 0, desc: 2_147_483_647 } as const;

/** What a page shows of a message. */
const SHOWN =
  'm.id, m.conversation_id, m.seq, m.role, m.content, m.citations, m.metadata, m.created_at, m.redacted_at';

/** SQL of a conversation's own messages of a page. **Why** in one place: a page and its stamp have to look up the same rows in the same order. */
const ownRows = (order: MessagePage['order'], columns: string): string => `select ${columns}
          from messages m
          where m.conversation_id = $1
            and m.owner_id = $2
            and m.seq ${DIRECTIONS[order].behind} $3
          order by m.seq ${order}
          limit ${LIMIT}`;

/**
 * SQL of a number for one message `m` that is another one for another message, and once it is redacted: nothing else ever changes on one.
 * A message of another history, after a restore, has another id, or the same and another moment.
 */
const MARK = 'hash_record_extended(row(m.id, m.created_at, m.redacted_at), 0)';

/** The marks of several messages as one number. **Why** not a sum: marks are sums themselves, and two messages could swap a moment in it. */
const marksOf = (mark: string): string => `coalesce(bit_xor(${mark}), 0)`;

/** Stamp of a page without quoted prices: its messages, and where it goes on. */
const PLAIN_STAMP = `concat_ws(' ', p.marks, p.last_seq)`;

/** Stamp of a page with quoted prices, of one message more than it shows: these, and everything that is known of prices. */
const quotingStamp = (marks: string): string => `concat_ws(' ', ${marks}, ${StoreHistory.newestRevision()})`;

/**
 * A page of what is mostly asked for: messages of a conversation that is no fork, without the status of what they quote.
 *
 * **Shape**: no row when there is no such conversation; else one: whether that will not do, because it is a fork or a message on the page
 * quotes a price ({@link messagePage} then does), the messages as JSON text joined by commas (null: none), the last `seq` of the page
 * when there may be more (else null): behind messages that were removed for their age there is nothing. `stamped`: also the stamp that
 * {@link messagePageStamp} gives while the page is the same, and whether it is a fork.
 * **Why** apart: the way through ancestors and prices costs three times the page, also where there are none.
 */
export function plainMessagePage(page: MessagePage, stamped = false): Statement {
  const { conversationId, ownerId, order, after, limit } = page;
  const { last, more } = DIRECTIONS[order];
  return {
    name: `message_page_plain_${stamped ? 'stamped_' : ''}${order}`,
    text: `
      select c.parent_id is not null or coalesce(p.quotes, false) as will_not_do, p.items, p.last_seq${
        stamped ? `, ${PLAIN_STAMP}, c.parent_id is not null` : ''
      }
      from conversations c
      cross join lateral (
        select
          bool_or(m.citations @> '[{"type":"stock-data"}]') as quotes,
          string_agg(${messageJson('false', 'm.citations')}, ',' order by m.seq ${order}) as items,
          case when count(*) = $4 and ${more} then ${last}(m.seq) end as last_seq${
            stamped ? `, ${marksOf(MARK)} as marks` : ''
          }
        from (
          ${ownRows(order, SHOWN)}
        ) m
      ) p
      where c.id = $1
        and c.owner_id = $2
        and c.deleted_at is null`,
    values: [conversationId, ownerId, after ?? START[order], limit],
  };
}

/**
 * A page of what a conversation shows, inherited messages included.
 *
 * **Shape**: one row: whether there is such a conversation, the messages as JSON text joined by commas (null: none), the last `seq` of
 * the page when there are more (else null). `stamped`, for what is no fork: also the stamp as {@link messagePageStamp} gives it.
 */
export function messagePage(page: MessagePage, stamped = false): Statement {
  const { conversationId, ownerId, order, after, limit } = page;
  const { behind } = DIRECTIONS[order];
  return {
    name: `message_page_${stamped ? 'stamped_' : ''}${order}`,
    text: `
      with recursive ${LINEAGE},
      shown as (
        select ${messageJson('l.depth > 0')} as json, m.seq, row_number() over (order by m.seq ${order}) as place${
          stamped ? `, ${MARK} as mark` : ''
        }
        from lineage l
        cross join lateral (
          select ${SHOWN}
          from messages m
          where m.conversation_id = l.id
            and m.owner_id = $2
            and m.seq between l.first_seq and l.up_to
            and m.seq ${behind} $3
          order by m.seq ${order}
          limit ${LIMIT} + 1
        ) m
        order by m.seq ${order}
        limit ${LIMIT} + 1
      )
      select
        exists (select from lineage) as found,
        string_agg(json, ',' order by place) filter (where place <= $4) as items,
        case when count(*) > $4 then max(seq) filter (where place = $4) end as last_seq${
          stamped ? `, ${quotingStamp(marksOf('mark'))}` : ''
        }
      from shown`,
    values: [conversationId, ownerId, after ?? START[order], limit],
  };
}

/**
 * The stamp that a page of a conversation that is no fork would be read with now; `quotes` when prices are quoted on it.
 *
 * **Shape**: one text, or no row when there is no such conversation: also when it is a fork, which an id may name after a restore.
 * **Why** the same rows are looked up in the same order: whatever would come
 * into the page, or go from it, comes into the stamp or goes. Fifty messages take a third of reading and writing them.
 */
export function messagePageStamp(page: MessagePage, quotes: boolean): Statement {
  const { conversationId, ownerId, order, after, limit } = page;
  const { last, more } = DIRECTIONS[order];
  return {
    name: `message_stamp_${quotes ? 'quoting_' : ''}${order}`,
    text: `
      select ${quotes ? quotingStamp('p.marks') : PLAIN_STAMP}
      from conversations c
      cross join lateral (
        select
          case when count(*) = $4 and ${more} then ${last}(m.seq) end as last_seq,
          ${marksOf(MARK)} as marks
        from (
          ${ownRows(order, 'm.id, m.seq, m.created_at, m.redacted_at')}
        ) m
      ) p
      where c.id = $1
        and c.owner_id = $2
        and c.parent_id is null
        and c.deleted_at is null`,
    values: [conversationId, ownerId, after ?? START[order], quotes ? limit + 1 : limit],
  };
}

/** **Shape**: the message as JSON text, or no row when the conversation does not show it. */
export function messageShown(input: {
  readonly conversationId: string;
  readonly ownerId: string;
  readonly messageId: string;
}): Statement {
  return {
    name: 'message_shown',
    text: `
      with recursive ${LINEAGE}
      select ${messageJson('l.depth > 0')}
      from messages m
      join lineage l on l.id = m.conversation_id and m.seq between l.first_seq and l.up_to
      where m.id = $3
        and m.owner_id = $2`,
    values: [input.conversationId, input.ownerId, input.messageId],
  };
}

/**
 * Locks a message that a conversation shows. **Shape**: its conversation, whether it is inherited, whether its own conversation was
 * deleted; or no row.
 */
export function messageToRedact(input: {
  readonly conversationId: string;
  readonly ownerId: string;
  readonly messageId: string;
}): Statement {
  return {
    name: 'message_to_redact',
    text: `
      with recursive ${LINEAGE}
      select m.conversation_id, l.depth > 0, exists (
        select from conversations c where c.id = m.conversation_id and c.deleted_at is not null
      )
      from messages m
      join lineage l on l.id = m.conversation_id and m.seq between l.first_seq and l.up_to
      where m.id = $3
        and m.owner_id = $2
      for no key update of m`,
    values: [input.conversationId, input.ownerId, input.messageId],
  };
}

/** Takes everything out of a message but that it was there. Once is enough: the first time stays. */
export function redactMessage(messageId: string, ownerId: string): Statement {
  return {
    name: 'message_redact',
    text: `
      update messages
      set content = '', citations = '[]', metadata = null, request_digest = null, redacted_at = clock_timestamp()
      where id = $1
        and owner_id = $2
        and redacted_at is null`,
    values: [messageId, ownerId],
  };
}

/** Forgets which versions of bars a message quoted. */
export function forgetCitations(messageId: string, ownerId: string): Statement {
  return {
    name: 'message_forget_citations',
    text: 'delete from message_citations where message_id = $1 and owner_id = $2',
    values: [messageId, ownerId],
  };
}
