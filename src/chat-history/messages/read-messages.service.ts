import { Injectable } from '@nestjs/common';
import { makeCursor, readCursor } from '../../common/pagination.js';
import { SqlService } from '../../database/sql.service.js';
import type { Row } from '../../database/statement.js';
import { SignerService } from '../../encryption/signer.service.js';
import { ConversationNotFound, MessageNotFound } from '../chat-history.errors.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { taggedMessage, type TaggedMessage } from './message-etag.js';
import { KnownMessagePages, type MessagePageText, type StampedPage } from './known-message-pages.js';
import { messagePage, messageShown, plainMessagePage, type MessagePage } from './messages.queries.js';

/** What a page of messages asks for. */
export interface ReadMessages {
  readonly conversationId: string;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** A page as it was read. **Shape**: `stamp` is null when it was read without, and of a fork. */
interface ReadPage extends Pick<StampedPage, 'quotes'> {
  readonly data: string;
  readonly last: number | null;
  readonly stamp: string | null;
}

/** Reads messages in their exact order, those that a fork inherited included. */
@Injectable()
export class ReadMessagesService {
  private readonly known: KnownMessagePages;

  constructor(
    private readonly sql: SqlService,
    private readonly signer: SignerService,
  ) {
    this.known = new KnownMessagePages(sql, signer);
  }

  /** A page by `seq` as the JSON body of the answer. **Errors**: `ConversationNotFound`, `InvalidCursor`. */
  async page(
    owner: HistoryOwner,
    { conversationId, order, limit, cursor }: ReadMessages,
  ): Promise<MessagePageText> {
    const scope = ['messages', conversationId, order];
    const [after = null] = readCursor(this.signer, scope, cursor) ?? [];
    const page = { conversationId, ownerId: owner.id, order, after: after as number | null, limit };
    const known = await this.known.find(owner, page);
    if (known !== null) return known;
    const { data, last, stamp, quotes } = await this.read(owner, page);
    const nextCursor = last === null ? null : makeCursor(this.signer, scope, [last]);
    const answer = { body: `{"data":[${data}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor };
    if (stamp !== null) this.known.keep(page, { answer, stamp, quotes });
    return answer;
  }

  /** **Errors**: `ConversationNotFound`. */
  private async read(owner: HistoryOwner, page: MessagePage): Promise<ReadPage> {
    const stamped = this.known.isReadAgain(page);
    const [plain] = await this.sql.readAs(owner, plainMessagePage(page, stamped));
    if (plain === undefined) throw new ConversationNotFound();
    const [willNotDo, , , , isFork] = plain;
    if (willNotDo !== true) return readPage(plain, false);
    const [row] = await this.sql.readAs(owner, messagePage(page, stamped && isFork !== true));
    // Deleted between the two.
    if (row?.[0] !== true) throw new ConversationNotFound();
    return readPage(row, true);
  }

  /** One message that a conversation shows. **Errors**: `MessageNotFound`. */
  async get(owner: HistoryOwner, conversationId: string, messageId: string): Promise<TaggedMessage> {
    const shown = messageShown({ conversationId, ownerId: owner.id, messageId });
    const [row] = await this.sql.readAs(owner, shown);
    if (row === undefined) throw new MessageNotFound();
    return taggedMessage(row);
  }
}

function readPage([, data, last, stamp = null]: Row, quotes: boolean): ReadPage {
  return {
    data: (data as string | null) ?? '',
    last: last as number | null,
    stamp: stamp as string | null,
    quotes,
  };
}
