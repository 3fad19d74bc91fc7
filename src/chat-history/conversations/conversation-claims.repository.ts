import type { EntityManager } from '@mikro-orm/postgresql';
import type { VisitorClaim } from '../../sessions/sessions.types.js';
import { Conversation } from '../conversation.entity.js';
import { MessageCitation } from '../message-citation.entity.js';
import { Message } from '../message.entity.js';

/** Few enough for one statement to end long before its time is over: 100,000 messages took 6.5 s on two cores that others used as well. */
const BATCH = 5_000;

/**
 * Gives rows of a visitor to an account, inside the transaction that signs in.
 *
 * **Why** one transaction, however many rows: who signed in finds everything, and who did not, because anything broke, is the visitor
 * with everything that they were before. Nobody else waits for it: the rows are the visitor's, whose session it ends.
 */
export class ConversationClaimsRepository {
  constructor(private readonly em: EntityManager) {}

  /** Conversations first: who appends holds one of them, so behind these no message of the visitor's comes any more. */
  async move({ visitorId, userId }: VisitorClaim): Promise<void> {
    await this.em.nativeUpdate(Conversation, { visitor: visitorId }, { user: userId, visitor: null });
    const owner = { ownerId: visitorId };
    let first: string | null = null;
    do {
      // Behind those moved before: the index still has their old entries, and looking past them takes the square of their number.
      const left: { ownerId: string; id?: { $gte: string } } =
        first === null ? owner : { ...owner, id: { $gte: first } };
      const [next]: readonly Pick<Message, 'id'>[] = await this.em.find(Message, left, {
        ...{ fields: ['id'], orderBy: { id: 'asc' }, offset: BATCH, limit: 1, disableIdentityMap: true },
      });
      const batch = {
        ...(first === null ? {} : { $gte: first }),
        ...(next === undefined ? {} : { $lt: next.id }),
      };
      const isWhole = Object.keys(batch).length === 0;
      await this.em.nativeUpdate(Message, isWhole ? owner : { ...owner, id: batch }, { ownerId: userId });
      await this.em.nativeUpdate(MessageCitation, isWhole ? owner : { ...owner, message: batch }, {
        ownerId: userId,
      });
      first = next?.id ?? null;
    } while (first !== null);
  }
}
