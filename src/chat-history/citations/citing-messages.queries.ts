import type { Statement } from '../../database/statement.js';
import { messageJson } from '../messages/message-json.queries.js';
import { moment, type MessagePlace } from '../messages/message-place.queries.js';

/** A page of somebody's messages that cite something. */
export interface CitingPage {
  readonly ownerId: string;
  /** JSON text of what a citation must contain. */
  readonly citation: string;
  /** The last message of the page before. */
  readonly before: MessagePlace | null;
  readonly limit: number;
}

/**
 * Messages with a citation that contains the given members, newest first. **Shape**: rows of instant, id, JSON text; one more
 * than `limit` when there are more. A message is found once, in the conversation that it was written in.
 */
export function messagesCiting({ ownerId, citation, before, limit }: CitingPage): Statement {
  return {
    name: 'messages_citing',
    text: `
      select ${moment('m.created_at')}, m.id, ${messageJson('false')}
      from messages_citing(jsonb_build_array($2::jsonb), $3, $4, $5) f (id)
      join messages m on m.id = f.id
      where m.owner_id = $1
      order by m.created_at desc, m.id desc`,
    values: [ownerId, citation, before?.[0] ?? null, before?.[1] ?? null, limit + 1],
  };
}
