import type { EntityManager } from '@mikro-orm/postgresql';
import type { VisitorClaim } from '../../sessions/sessions.types.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import { CLAIM_LATE, takeLateTurn } from '../citations/late-citations.queries.js';
import { Conversation } from '../conversation.entity.js';
import { MessageCitation } from '../message-citation.entity.js';
import { Message } from '../message.entity.js';

/** Few enough for one statement to end long before its time is over: 100,000 messages took 6.5 s on two cores that others used as well. */
const BATCH = 5_000;

/** Lowest id of a batch, and of the one behind it. **Shape**: null for the first there is, and for nothing behind. */
type Batch = readonly [from: string | null, behind: string | null];

/**
 * Gives rows of a visitor to an account, inside the transaction that signs in.
 *
 * **Why** one transaction, however many rows: who signed in finds everything, and who did not, because anything broke, is the visitor
 * with everything that they were before. Nobody waits for the messages: they are the visitor's, whose session it ends. Commits of prices
 * wait for the citations, where there are any.
 */
export class ConversationClaimsRepository {
  constructor(private readonly em: EntityManager) {}

  /** Conversations first: who appends holds one of them, so behind these no message of the visitor's comes any more. */
  async move(claim: VisitorClaim): Promise<void> {
    const { visitorId, userId } = claim;
    await this.em.nativeUpdate(Conversation, { visitor: visitorId }, { user: userId, visitor: null });
    const batches = await this.moveMessages(claim);
    const [pin] = await this.em.find(
      MessageCitation,
      { ownerId: visitorId },
      { fields: ['ordinal'], limit: 1, disableIdentityMap: true },
    );
    if (pin !== undefined) await this.moveCitations(claim, batches);
  }

  /** **Shape**: the batches that it was done in. */
  private async moveMessages({ visitorId, userId }: VisitorClaim): Promise<readonly Batch[]> {
    const batches: Batch[] = [];
    let from: string | null = null;
    do {
      // Behind those moved before: the index still has their old entries, and looking past them takes the square of their number.
      const left: { ownerId: string; id?: { $gte: string } } = {
        ownerId: visitorId,
        ...(from === null ? {} : { id: { $gte: from } }),
      };
      const [next]: readonly Pick<Message, 'id'>[] = await this.em.find(Message, left, {
        ...{ fields: ['id'], orderBy: { id: 'asc' }, offset: BATCH, limit: 1, disableIdentityMap: true },
      });
      const batch: Batch = [from, next?.id ?? null];
      const ids = within(batch);
      const these = { ownerId: visitorId, ...(ids === null ? {} : { id: ids }) };
      await this.em.nativeUpdate(Message, these, { ownerId: userId });
      batches.push(batch);
      [, from] = batch;
    } while (from !== null);
    return batches;
  }

  /**
   * What was restated so far is news to the account, at the newest revision. **Why** no revision may become visible meanwhile: its reader
   * of events would have passed it before the citations were the account's.
   */
  private async moveCitations({ visitorId, userId }: VisitorClaim, batches: readonly Batch[]): Promise<void> {
    await this.em.execute(VersioningService.holdHead().text);
    await this.em.execute(takeLateTurn(userId).text.replace('$1', '?'), [userId]);
    for (const [from, behind] of batches) {
      const ids = within([from, behind]);
      await this.em.execute(CLAIM_LATE, [userId, visitorId, from, from, behind, behind]);
      const these = { ownerId: visitorId, ...(ids === null ? {} : { message: ids }) };
      await this.em.nativeUpdate(MessageCitation, these, { ownerId: userId });
    }
  }
}

/** A condition on ids; null for a batch of everything. */
function within([from, behind]: Batch): { $gte?: string; $lt?: string } | null {
  if (from === null && behind === null) return null;
  return { ...(from === null ? {} : { $gte: from }), ...(behind === null ? {} : { $lt: behind }) };
}
