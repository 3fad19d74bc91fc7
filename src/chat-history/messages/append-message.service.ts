import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { etagOf, requireMatch } from '../../common/etag.js';
import { SqlService } from '../../database/sql.service.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Row } from '../../database/statement.js';
import { ConversationNotFound, IdTaken } from '../chat-history.errors.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { metadataText, orMetadataTooLarge } from '../idempotency/metadata.js';
import { requestDigest } from '../idempotency/request-digest.js';
import { addMessage, messageMade, takeConversation, type MessageRow } from './append.queries.js';
import type { AppendMessageRequest } from './dto/append-message.dto.js';

/** What an append is asked with. */
export interface AppendMessage {
  readonly conversationId: string;
  readonly message: AppendMessageRequest;
  readonly ifMatch: string | undefined;
}

/** A message that is stored. **Shape**: `json` is its text, ready to send; `created` is false for a request that was answered before. */
export interface AppendedMessage {
  readonly id: string;
  readonly json: string;
  readonly etag: string;
  readonly created: boolean;
}

/** Adds messages: each once, in one order for every reader, without gaps. */
@Injectable()
export class AppendMessageService {
  constructor(private readonly sql: SqlService) {}

  /**
   * Adds a message behind the last one. The same request again, under the id that the client gave, is answered again, whatever came
   * behind the message since.
   *
   * **Errors**: `ConversationNotFound`, `IdTaken`; `StaleResource` when `ifMatch` does not name the last `seq`; `MetadataTooLarge`;
   * those of citations.
   */
  async append(owner: HistoryOwner, input: AppendMessage): Promise<AppendedMessage> {
    const { id, ...request } = input.message;
    const digest = requestDigest(request);
    return orMetadataTooLarge(() =>
      this.sql.transactionAs(owner, async (tx) => {
        const [[taken], [made]] = await tx.runTogether(
          takeConversation(input.conversationId, owner.id),
          // Looked for behind the lock: the same request at the same time has been stored by now, or comes later.
          messageMade(id ?? NO_ID, owner.id),
        );
        if (taken === undefined) throw new ConversationNotFound();
        if (made !== undefined) return answeredBefore(made, { id, ...input, digest });
        requireMatch(input.ifMatch, etagOf(Number(taken[0])));
        const message = { ...input, id: id ?? uuidv7(), ownerId: owner.id, digest };
        return store(tx, message);
      }),
    );
  }
}

/** No message has the nil UUID: the schema of requests takes none. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

function answeredBefore(
  [conversationId, digest, seq, json]: Row,
  asked: { readonly id: string | undefined; readonly conversationId: string; readonly digest: Buffer },
): AppendedMessage {
  // A message that was redacted has no digest any more: what was taken out is not compared with.
  const same =
    conversationId === asked.conversationId &&
    Buffer.isBuffer(digest) &&
    digest.equals(asked.digest) &&
    asked.id !== undefined;
  if (!same) throw new IdTaken();
  return { id: asked.id, json: json as string, etag: etagOf(Number(seq)), created: false };
}

async function store(
  tx: SqlTransaction,
  input: AppendMessage & { readonly id: string; readonly ownerId: string; readonly digest: Buffer },
): Promise<AppendedMessage> {
  const { id, conversationId, ownerId, digest, message } = input;
  const row: MessageRow = {
    id,
    conversationId,
    ownerId,
    role: message.role,
    content: message.content,
    citations: JSON.stringify(message.citations),
    metadata: metadataText(message.metadata),
    requestDigest: digest,
  };
  const [added] = await tx.run(addMessage(row));
  if (added === undefined) throw new IdTaken();
  return { id, json: added[1] as string, etag: etagOf(Number(added[0])), created: true };
}
