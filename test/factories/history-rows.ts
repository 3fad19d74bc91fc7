import { v7 as uuidv7 } from 'uuid';
import { asOwner } from '../support/sql.js';
import type { TestDatabase } from '../support/test-database.js';

/** A conversation as it is stored. */
export interface StoredConversation {
  readonly id: string;
  readonly userId: string | null;
  readonly visitorId: string | null;
}

type Owner = { readonly userId: string } | { readonly visitorId: string };

/** What of a conversation a test may set. **Shape**: `ago` is an interval of PostgreSQL before now. */
export interface ConversationRow {
  readonly parentId?: string;
  readonly forkSeq?: number;
  readonly title?: string;
  readonly pinned?: boolean;
  /** From now; may be negative. */
  readonly retainFor?: string;
  readonly activeAgo?: string;
  readonly deletedAgo?: string;
}

/** Stores a conversation as the tables' owner, by no rule of the service. */
export async function storeConversation(
  db: TestDatabase,
  owner: Owner,
  row: ConversationRow = {},
): Promise<StoredConversation> {
  const id = uuidv7();
  const userId = 'userId' in owner ? owner.userId : null;
  const visitorId = 'visitorId' in owner ? owner.visitorId : null;
  await asOwner(
    db,
    `insert into conversations (id, user_id, visitor_id, parent_id, fork_seq, last_seq, title, is_pinned, retain_until,
       last_activity_at, deleted_at)
     values ($1, $2, $3, $4, $5::integer, coalesce($5::integer, 0), $6, $7, now() + $8::interval, now() - $9::interval,
       now() - $10::interval)`,
    [
      ...[id, userId, visitorId, row.parentId ?? null, row.forkSeq ?? null, row.title ?? null],
      ...[row.pinned ?? false, row.retainFor ?? null, row.activeAgo ?? '0', row.deletedAgo ?? null],
    ],
  );
  return { id, userId, visitorId };
}

/** What of a message a test may set. */
export interface MessageRow {
  readonly seq: number;
  readonly content?: string;
  readonly role?: string;
  readonly language?: string;
  readonly ago?: string;
  readonly redacted?: boolean;
}

/** Stores a message as the tables' owner. **Shape**: its id. */
export async function storeMessage(
  db: TestDatabase,
  conversation: StoredConversation,
  row: MessageRow,
): Promise<string> {
  const id = uuidv7();
  await asOwner(
    db,
    `insert into messages (id, conversation_id, owner_id, seq, role, content, language, created_at, redacted_at)
     values ($1, $2, $3, $4, $5, $6, $7, now() - $8::interval, case when $9 then now() end)`,
    [
      ...[id, conversation.id, conversation.userId ?? conversation.visitorId, row.seq, row.role ?? 'user'],
      ...[row.content ?? 'a message', row.language ?? 'english', row.ago ?? '0', row.redacted ?? false],
    ],
  );
  await asOwner(db, `update conversations set last_seq = greatest(last_seq, $2) where id = $1`, [
    conversation.id,
    row.seq,
  ]);
  return id;
}
