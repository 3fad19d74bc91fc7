import type { Statement } from '../../database/statement.js';
import { messageJson } from '../messages/message-json.queries.js';

/** A page of somebody's messages that cite something. */
export interface CitingPage {
  readonly ownerId: string;
  /** JSON text of what a citation must contain. */
  readonly citation: string;
  /** Id of the last message of the page before. */
  readonly before: string | null;
  readonly limit: number;
}

/**
 * Messages with a citation that contains the given members, newest first. **Shape**: rows of id, JSON text; one more than `limit`
 * when there are more. A message is found once, in the conversation that it was written in.
 */
export function messagesCiting({ ownerId, citation, before, limit }: CitingPage): Statement {
  return {
    name: 'messages_citing',
    text: `
      select m.id, ${messageJson('false')}
      from messages_citing(jsonb_build_array($2::jsonb), $3, $4) f (id)
      join messages m on m.id = f.id
      where m.owner_id = $1
      order by m.id desc`,
    values: [ownerId, citation, before, limit + 1],
  };
}
