import type { Statement } from '../../database/statement.js';
import { LINEAGE } from '../messages/lineage.queries.js';
import { LEAST_JSON_BYTES } from '../messages/message-json.queries.js';

/** Makes the whole export see one moment. Must come first in its transaction. */
export function oneMoment(): Statement {
  return {
    name: 'export_one_moment',
    text: 'set transaction isolation level repeatable read, read only',
    values: [],
    prepared: false,
  };
}

/** **Shape**: one row: the moment, as answers hold instants, and the newest revision it sees. */
export function momentOfExport(): Statement {
  return {
    name: 'export_moment',
    text: `
      select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), coalesce(max(id), 0)::float8
      from revisions`,
    values: [],
  };
}

/**
 * **Shape**: one row: whether the messages that a conversation shows take more than `maxBytes` as JSON text for certain.
 *
 * **Why** a running sum: it looks at no more than such an export may hold, however long the conversation is.
 */
export function isTooLarge(input: {
  readonly conversationId: string;
  readonly ownerId: string;
  readonly maxBytes: number;
}): Statement {
  return {
    name: 'export_is_too_large',
    text: `
      with recursive ${LINEAGE}
      select exists (
        select from (
          select sum(m.bytes) over (rows unbounded preceding) as bytes
          from lineage l
          cross join lateral (
            select ${LEAST_JSON_BYTES} as bytes
            from messages m
            where m.conversation_id = l.id
              and m.owner_id = $2
              and m.seq between l.first_seq and l.up_to
          ) m
        ) so_far
        where bytes > $3
      )`,
    values: [input.conversationId, input.ownerId, input.maxBytes],
  };
}
