import { etagOf } from '../../common/etag.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Row } from '../../database/statement.js';
import { Unauthenticated } from '../../sessions/sessions.errors.js';
import { IdTaken } from '../chat-history.errors.js';
import {
  addConversation,
  conversationMade,
  holdVisitor,
  type ConversationRow,
} from './conversations.queries.js';

/** A conversation with its ETag. **Shape**: `json` is its text, ready to send. */
export interface TaggedConversation {
  readonly json: string;
  readonly etag: string;
}

/** A conversation that was made. **Shape**: `created` is false for a request that was answered before. */
export interface MadeConversation extends TaggedConversation {
  readonly id: string;
  readonly created: boolean;
}

/** **Shape**: a row of version and JSON text. */
export function tagged([version, json]: Row): TaggedConversation {
  return { json: json as string, etag: etagOf(Number(version)) };
}

/** Stores a conversation, or finds what the same request made before. **Errors**: `IdTaken`, `Unauthenticated`. */
export async function storeConversation(tx: SqlTransaction, row: ConversationRow): Promise<MadeConversation> {
  const { id, owner, requestDigest } = row;
  if (owner.visitorId !== null) {
    const held = await tx.run(holdVisitor(owner.visitorId));
    if (held.length === 0) throw new Unauthenticated();
  }
  const [added] = await tx.run(addConversation(row));
  if (added !== undefined) return { id, ...tagged(added), created: true };
  const before = await madeBefore(tx, { id, ownerId: owner.id, requestDigest });
  if (before === null) throw new IdTaken();
  return before;
}

/** What the same request made before, or null when nothing has the id. **Errors**: `IdTaken` when something else of the owner's has. */
export async function madeBefore(
  tx: SqlTransaction,
  {
    id,
    ownerId,
    requestDigest,
  }: { readonly id: string; readonly ownerId: string; readonly requestDigest: Buffer },
): Promise<MadeConversation | null> {
  const [made] = await tx.run(conversationMade(id, ownerId));
  if (made === undefined) return null;
  const [digest, ...rest] = made;
  if (!Buffer.isBuffer(digest) || !digest.equals(requestDigest)) throw new IdTaken();
  return { id, ...tagged(rest), created: false };
}
