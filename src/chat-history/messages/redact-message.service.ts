import { Injectable } from '@nestjs/common';
import { requireMatch } from '../../common/etag.js';
import { SqlService } from '../../database/sql.service.js';
import { MessageInherited, MessageNotFound } from '../chat-history.errors.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { taggedMessage } from './message-etag.js';
import { forgetCitations, messageShown, messageToRedact, redactMessage } from './messages.queries.js';

/** Which message to redact. **Shape**: `ifMatch` is the header, if there is one. */
export interface RedactMessage {
  readonly conversationId: string;
  readonly messageId: string;
  readonly ifMatch: string | undefined;
}

/** Takes back what was said, not that it was. */
@Injectable()
export class RedactMessageService {
  constructor(private readonly sql: SqlService) {}

  /**
   * Removes content, citations and metadata of a message for good; its row and `seq` stay, here and in every fork. Doing it again
   * changes nothing.
   *
   * **Errors**: `MessageNotFound`; `MessageInherited` for one that the conversation only shows, unless the one that it was written in is
   * deleted: then there is no other way to reach it; `StaleResource` when `ifMatch` is not the ETag of the message as it is now.
   */
  async redact(owner: HistoryOwner, { conversationId, messageId, ifMatch }: RedactMessage): Promise<void> {
    const message = { conversationId, ownerId: owner.id, messageId };
    await this.sql.transactionAs(owner, async (tx) => {
      const [row] = await tx.run(messageToRedact(message));
      if (row === undefined) throw new MessageNotFound();
      const [writtenIn, isInherited, isOrphaned] = row;
      if (isInherited === true && isOrphaned !== true) throw new MessageInherited(writtenIn as string);
      if (ifMatch !== undefined) {
        const { etag } = taggedMessage(await tx.runOne(messageShown(message)));
        requireMatch(ifMatch, etag);
      }
      await tx.runTogether(redactMessage(messageId, owner.id), forgetCitations(messageId, owner.id));
    });
  }
}
