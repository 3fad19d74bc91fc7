import type { EntityManager } from '@mikro-orm/postgresql';
import type { VisitorClaim } from '../../sessions/sessions.types.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import { CLAIM_LATE, takeLateTurn } from '../citations/late-citations.queries.js';
import { Conversation } from '../conversation.entity.js';
import { MessageCitation } from '../message-citation.entity.js';
import { Message } from '../message.entity.js';

/** Gives rows of a visitor to an account, inside the transaction that signs in. */
export class ConversationClaimsRepository {
  constructor(private readonly em: EntityManager) {}

  /** Conversations first: who appends holds one of them, so behind these no message of the visitor's comes any more. */
  async move({ visitorId, userId }: VisitorClaim): Promise<void> {
    await this.em.nativeUpdate(Conversation, { visitor: visitorId }, { user: userId, visitor: null });
    await this.em.nativeUpdate(Message, { ownerId: visitorId }, { ownerId: userId });
    await this.claimLate({ visitorId, userId });
    await this.em.nativeUpdate(MessageCitation, { ownerId: visitorId }, { ownerId: userId });
  }

  /** What was restated so far is news to the account, at the newest revision. */
  private async claimLate({ visitorId, userId }: VisitorClaim): Promise<void> {
    if ((await this.em.count(MessageCitation, { ownerId: visitorId })) === 0) return;
    await this.em.execute(VersioningService.holdHead().text);
    await this.em.execute(takeLateTurn(userId).text.replace('$1', '?'), [userId]);
    await this.em.execute(CLAIM_LATE, [userId, visitorId]);
  }
}
