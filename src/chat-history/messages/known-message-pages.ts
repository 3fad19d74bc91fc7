import { KeptPages } from '../../common/kept-pages.js';
import type { SqlService } from '../../database/sql.service.js';
import type { SignerService } from '../../encryption/signer.service.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { messagePageStamp, type MessagePage } from './messages.queries.js';

/** A page of messages, its body ready to send. */
export interface MessagePageText {
  readonly body: string;
  readonly nextCursor: string | null;
}

/** A page as it was read and answered. **Shape**: `quotes` says which of the two stamps it has. */
export interface StampedPage {
  readonly answer: MessagePageText;
  readonly stamp: string;
  readonly quotes: boolean;
}

/** A few hundred pages of fifty messages. **Units**: bytes of text, two for each character as if none were ASCII. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_PAGE_BYTES = 256 * 1024;
/** What was redacted or deleted leaves the memory by then, also when nobody asks for the page again. */
const MAX_AGE_MS = 10 * 60_000;

/**
 * Pages of messages that were read before, shown again only when the database says, as the owner's reads do, that it would read the same.
 *
 * **Why** not of forks: a page of one shows rows of its ancestors, so its stamp would take the way through them that makes it dear.
 */
export class KnownMessagePages {
  private readonly pages = new KeptPages<StampedPage & { readonly signedWith: object }>({
    maxSize: MAX_BYTES,
    maxPageSize: MAX_PAGE_BYTES,
    maxAgeMs: MAX_AGE_MS,
    sizeOf: ({ answer }, key) => 2 * (answer.body.length + key.length),
  });

  constructor(
    private readonly sql: SqlService,
    private readonly signer: SignerService,
  ) {}

  /** The answer for a page as it is now; null when it has to be read. **Errors**: those of the database. */
  async find(owner: HistoryOwner, page: MessagePage): Promise<MessagePageText | null> {
    const known = this.pages.get(keyOf(page));
    // A cursor of keys that are no more would be refused.
    if (known === undefined || known.signedWith !== this.signer.keysInForce) return null;
    const [row] = await this.sql.readAs(owner, messagePageStamp(page, known.quotes));
    if (row === undefined) this.pages.forget(keyOf(page));
    return row?.[0] === known.stamp ? known.answer : null;
  }

  /** Notes that a page is read. **Shape**: true when it was before, so that it should be read with its stamp, and kept. */
  isReadAgain(page: MessagePage): boolean {
    return this.pages.isAskedAgain(keyOf(page));
  }

  /** Keeps a page with the stamp of the snapshot that it was read in. Its cursor was signed with the keys in force. */
  keep(page: MessagePage, stamped: StampedPage): void {
    this.pages.keep(keyOf(page), { ...stamped, signedWith: this.signer.keysInForce });
  }
}

/** Everything that an answer depends on. The owner first: what is kept is theirs alone. */
function keyOf({ ownerId, conversationId, order, limit, after }: MessagePage): string {
  return `${ownerId} ${conversationId} ${order} ${limit} ${after ?? ''}`;
}
