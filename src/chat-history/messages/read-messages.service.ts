import { Injectable } from '@nestjs/common';
import { makeCursor, readCursor } from '../../common/pagination.js';
import { SqlService } from '../../database/sql.service.js';
import { SignerService } from '../../encryption/signer.service.js';
import { ConversationNotFound, MessageNotFound } from '../chat-history.errors.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { taggedMessage, type TaggedMessage } from './message-etag.js';
import { messagePage, messageShown, plainMessagePage } from './messages.queries.js';

/** What a page of messages asks for. */
export interface ReadMessages {
  readonly conversationId: string;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Reads messages in their exact order, those that a fork inherited included. */
@Injectable()
export class ReadMessagesService {
  constructor(
    private readonly sql: SqlService,
    private readonly signer: SignerService,
  ) {}

  /**
   * A page by `seq`. **Shape**: `data` is JSON text of the messages, joined by commas. **Errors**: `ConversationNotFound`,
   * `InvalidCursor`.
   */
  async page(
    owner: HistoryOwner,
    { conversationId, order, limit, cursor }: ReadMessages,
  ): Promise<{ readonly data: string; readonly nextCursor: string | null }> {
    const scope = ['messages', conversationId, order];
    const [after = null] = readCursor(this.signer, scope, cursor) ?? [];
    const page = { conversationId, ownerId: owner.id, order, after: after as number | null, limit };
    const [plain] = await this.sql.readAs(owner, plainMessagePage(page));
    if (plain === undefined) throw new ConversationNotFound();
    const [willNotDo] = plain;
    const row = willNotDo === true ? (await this.sql.readAs(owner, messagePage(page)))[0] : plain;
    // Deleted between the two.
    if (row === undefined || (willNotDo === true && row[0] !== true)) throw new ConversationNotFound();
    const [, data, last] = row;
    return {
      data: (data as string | null) ?? '',
      nextCursor: typeof last === 'number' ? makeCursor(this.signer, scope, [last]) : null,
    };
  }

  /** One message that a conversation shows. **Errors**: `MessageNotFound`. */
  async get(owner: HistoryOwner, conversationId: string, messageId: string): Promise<TaggedMessage> {
    const shown = messageShown({ conversationId, ownerId: owner.id, messageId });
    const [row] = await this.sql.readAs(owner, shown);
    if (row === undefined) throw new MessageNotFound();
    return taggedMessage(row);
  }
}
