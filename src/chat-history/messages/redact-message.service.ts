import { Injectable } from '@nestjs/common';
import { SqlService } from '../../database/sql.service.js';
import { MessageInherited, MessageNotFound } from '../chat-history.errors.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { forgetCitations, messageToRedact, redactMessage } from './messages.queries.js';

/** Takes back what was said, not that it was. */
@Injectable()
export class RedactMessageService {
  constructor(private readonly sql: SqlService) {}

  /**
   * Removes content, citations and metadata of a message for good; its row and `seq` stay, here and in every fork. Doing it again
   * changes nothing.
   *
   * **Errors**: `MessageNotFound`; `MessageInherited` for one that the conversation only shows, unless the one that it was written in is
   * deleted: then there is no other way to reach it.
   */
  async redact(owner: HistoryOwner, conversationId: string, messageId: string): Promise<void> {
    await this.sql.transactionAs(owner, async (tx) => {
      const [row] = await tx.run(messageToRedact({ conversationId, ownerId: owner.id, messageId }));
      if (row === undefined) throw new MessageNotFound();
      const [writtenIn, isInherited, isOrphaned] = row;
      if (isInherited === true && isOrphaned !== true) throw new MessageInherited(writtenIn as string);
      await tx.runTogether(redactMessage(messageId, owner.id), forgetCitations(messageId, owner.id));
    });
  }
}
