import type { EntityManager } from '@mikro-orm/postgresql';
import type { VisitorClaim } from '../../sessions/sessions.types.js';
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
    await this.em.nativeUpdate(MessageCitation, { ownerId: visitorId }, { ownerId: userId });
  }
}
