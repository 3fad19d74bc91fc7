import type { Statement } from '../../database/statement.js';
import { currentCitations } from '../citations/citations.queries.js';
import type { Pin } from '../citations/citations.types.js';
import { messageJson } from './message-json.queries.js';

/**
 * Finds the words of a message for the search, and keeps them for {@link addMessage} in the same transaction. Before anything is locked: of
 * 64 KiB it takes some 20 ms.
 */
export function findWords(language: string, content: string): Statement {
  return {
    name: 'append_find_words',
    text: `select set_config('stockroom.search', message_search($1, $2)::text, true) is null`,
    values: [language, content],
  };
}

/**
 * Takes the conversation for this append: whoever comes next waits until it has ended. **Why**: a number that is given out and not
 * used would be a gap, and one read by two would be given out twice.
 *
 * For the rest of the transaction statements are not planned anew: PostgreSQL would plan the look at prices each time, because it takes a
 * list of unknown length for longer than it is, and that took as long as all the rest.
 *
 * **Shape**: last `seq`, number of the branch, revision that citations are fixed at; or no row.
 */
export function takeConversation(conversationId: string, ownerId: string): Statement {
  return {
    name: 'append_take_conversation',
    text: `
      select c.last_seq, c.branch_id, c.as_of_revision::float8, set_config('plan_cache_mode', 'force_generic_plan', true)
      from conversations c
      where c.id = $1
        and c.owner_id = $2
        and c.deleted_at is null
      for no key update`,
    values: [conversationId, ownerId],
  };
}

/** **Shape**: conversation and request digest of one of the owner's messages; or no row. */
export function messageMade(id: string, ownerId: string): Statement {
  return {
    name: 'append_message_made',
    text: 'select conversation_id, request_digest from messages where id = $1 and owner_id = $2',
    values: [id, ownerId],
  };
}

/** **Shape**: `seq` and JSON text of a message in its own conversation. */
export function messageStored(id: string, ownerId: string): Statement {
  return {
    name: 'append_message_stored',
    text: `
      select m.seq, ${messageJson('false')}
      from messages m
      where m.id = $1
        and m.owner_id = $2`,
    values: [id, ownerId],
  };
}

/** A message as it is stored. **Shape**: `citations` and `metadata` are JSON text. */
export interface MessageRow {
  readonly id: string;
  readonly conversationId: string;
  readonly ownerId: string;
  readonly role: string;
  readonly content: string;
  readonly citations: string;
  readonly metadata: string | null;
  /** Text-search configuration. */
  readonly language: string;
  readonly requestDigest: Buffer;
  readonly pins: readonly Pin[];
}

/**
 * Adds a message behind the last one of a conversation that is taken, and what it quotes. **Shape**: its `seq` and JSON text; no row, and
 * nothing stored, when the id is taken, by whomever. Times do not go back inside a conversation, also when the clock does.
 *
 * The text calls every quoted version current: right while none of the pins is late, because the newest revision is held.
 */
export function addMessage(message: MessageRow): Statement {
  const { id, conversationId, ownerId, role, content, citations, metadata, language, requestDigest } =
    message;
  const { pins } = message;
  return {
    name: 'append_add_message',
    text: `
      with added as (
        insert into messages as m
          (id, conversation_id, owner_id, seq, role, content, citations, metadata, request_digest, language,
            created_at, search)
        select $1, c.id, c.owner_id, c.last_seq + 1, $4, $5, $6::jsonb, $7::jsonb, $8, $9,
          greatest(clock_timestamp(), c.last_activity_at), nullif(current_setting('stockroom.search', true), '')::tsvector
        from conversations c
        where c.id = $2
          and c.owner_id = $3
        on conflict (id) do nothing
        returning m.id, m.owner_id, m.seq, m.created_at, ${messageJson('false', currentCitations('m'))} as json
      ), pinned as (
        insert into message_citations (message_id, owner_id, ordinal, series_id, branch_id, ts, revision)
        select a.id, a.owner_id, p.*
        from added a
        cross join unnest($10::smallint[], $11::int[], $12::smallint[], $13::timestamptz[], $14::bigint[]) p
      ), noted as (
        update conversations c
        set last_seq = a.seq, last_activity_at = a.created_at, updated_at = a.created_at, version = c.version + 1
        from added a
        where c.id = $2
          and c.owner_id = $3
      )
      select seq, json from added`,
    values: [
      ...[id, conversationId, ownerId, role, content, citations, metadata, requestDigest, language],
      pins.map(({ ordinal }) => ordinal),
      pins.map(({ seriesId }) => seriesId),
      pins.map(({ branchId }) => branchId),
      pins.map(({ ts }) => ts),
      pins.map(({ revision }) => revision),
    ],
  };
}
