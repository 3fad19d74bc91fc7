import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { etagOf, requireMatch } from '../../common/etag.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { SqlService } from '../../database/sql.service.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Row } from '../../database/statement.js';
import { ConversationNotFound, IdTaken } from '../chat-history.errors.js';
import { insertLate, takeLateTurn } from '../citations/late-citations.queries.js';
import { CitationsService } from '../citations/citations.service.js';
import { pinnedBy, type PreparedCitations } from '../citations/pin/pinned-citations.js';
import type { PinnedCitations } from '../citations/citations.types.js';
import type { QuotesPlace, ShownQuotes } from '../../stock-data/quotes/quotes.types.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { metadataText, orMetadataTooLarge } from '../idempotency/metadata.js';
import { requestDigest } from '../idempotency/request-digest.js';
import {
  addMessage,
  citationPlace,
  messageMade,
  messageStored,
  takeConversation,
  type MessageRow,
} from './append.queries.js';
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

/** A message that is to be stored. */
interface NewMessage extends AppendMessage {
  /** The id that the client gave, or one of ours. */
  readonly id: string;
  readonly owner: HistoryOwner;
  readonly citations: PreparedCitations;
  readonly digest: Buffer;
}

/** How long an append waits for others: to the same conversation, and then those that go in steps. **Units**: milliseconds. */
const PATIENCE_MS = 10_000;

/** Appends of everybody that may wait for a commit to end. */
const QUOTING_IN_STEPS = { name: 'quotations in steps', patienceMs: PATIENCE_MS };

/** Adds messages: each once, in one order for every reader, without gaps. */
@Injectable()
export class AppendMessageService {
  private readonly language: string;

  constructor(
    private readonly sql: SqlService,
    private readonly citations: CitationsService,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.language = settings.history.searchLanguage;
  }

  /**
   * Adds a message behind the last one. The same request again, under the id that the client gave, is answered again, whatever came
   * behind the message since.
   *
   * **Errors**: `ConversationNotFound`, `IdTaken`; `StaleResource` when `ifMatch` does not name the last `seq`; `MetadataTooLarge`;
   * `TooManyWaiting`; those of `CitationsService`.
   */
  async append(owner: HistoryOwner, input: AppendMessage): Promise<AppendedMessage> {
    const { conversationId, message, ifMatch } = input;
    const { id, role, content, metadata } = message;
    const citations = await this.citations.prepare(message.citations);
    const digest = requestDigest({ role, content, metadata, citations: citations.requested });
    const asked = { ...input, owner, citations, digest, id: id ?? uuidv7() };
    const queue = { name: `append ${owner.id} ${conversationId}`, patienceMs: PATIENCE_MS, atOnce: 1 };
    return orMetadataTooLarge(() =>
      this.sql.inTurn(queue, async () => {
        const appended = ifMatch === undefined ? await this.appendAtOnce(asked) : null;
        return appended ?? (await this.appendLater(asked));
      }),
    );
  }

  /**
   * Stores with the prices that are known, and otherwise looks at them first; null when it cannot be done so, whatever the reason:
   * {@link appendInSteps} finds out. **Why**: one wait for the database, or two, of which the last alone holds the conversation.
   */
  private async appendAtOnce(asked: NewMessage): Promise<AppendedMessage | null> {
    const { owner, citations } = asked;
    const place = placeOf(asked);
    const known = this.citations.known(citations, place);
    const stored = known === null ? null : await this.storeAtOnce(asked, known);
    return stored ?? this.storeAtOnce(asked, await this.citations.shownAs(owner, citations, place));
  }

  /**
   * Stores, if nothing was committed since prices were looked at, no commit is just ending, and nobody has the conversation, or a message
   * of this id, in hand for long; else null.
   */
  private async storeAtOnce(asked: NewMessage, shown: ShownQuotes | null): Promise<AppendedMessage | null> {
    const pinned = pinnedBy(asked.citations, shown);
    if (pinned === null || lateIn(pinned).length > 0) return null;
    const [stored] = (await this.sql.tryAs(asked.owner, addMessage(this.rowOf(asked, pinned)))) ?? [];
    return stored === undefined ? null : this.appended(asked, pinned, stored);
  }

  /**
   * Stores, however long that takes. **Why** in turns: what waits for a lock is not to hold all connections. Where everybody takes turns, an
   * owner has one at a time, because each may also wait for its conversation.
   */
  private async appendLater(asked: NewMessage): Promise<AppendedMessage> {
    const { owner, citations } = asked;
    const append = () => this.sql.transactionAs(owner, (tx) => this.appendInSteps(tx, asked));
    const inSteps = { name: `append in steps ${owner.id}`, patienceMs: PATIENCE_MS };
    if (!citations.items.some(({ quotation }) => quotation !== null)) return this.sql.inTurn(inSteps, append);
    const quoting = { name: `quote in steps ${owner.id}`, patienceMs: PATIENCE_MS, atOnce: 1 };
    return this.sql.inTurn(quoting, () => this.sql.inTurn(QUOTING_IN_STEPS, append));
  }

  /** Takes the conversation first, and keeps revisions from becoming visible, so that what is found then holds to the end. */
  private async appendInSteps(tx: SqlTransaction, asked: NewMessage): Promise<AppendedMessage> {
    const { id, conversationId, owner, digest, ifMatch } = asked;
    const [[taken], [made]] = await tx.runTogether(
      takeConversation(conversationId, owner.id),
      // Behind the lock: the same request at the same time has been stored by now, or comes later.
      messageMade(id, owner.id),
    );
    if (taken === undefined) throw new ConversationNotFound();
    if (made !== undefined) {
      requireSame(made, { conversationId, digest });
      return { ...storedMessage(await tx.runLast(messageStored(id, owner.id)), id), created: false };
    }
    requireMatch(ifMatch, etagOf(Number(taken[0])));
    const pinned = await this.citations.pin(tx, asked.citations, placeOf(asked));
    const [stored] = await tx.run(addMessage(this.rowOf(asked, pinned)));
    if (stored === undefined) {
      // Its branch may have been discarded in between, which a look says by now.
      await this.citations.pin(tx, asked.citations, placeOf(asked));
      throw new IdTaken();
    }
    const late = lateIn(pinned);
    if (late.length === 0) return this.appended(asked, pinned, stored);
    await tx.run(takeLateTurn(owner.id));
    await tx.run(
      insertLate({ messageId: id, ownerId: owner.id, ordinals: late, head: pinned.at?.head ?? 0 }),
    );
    return { ...storedMessage(await tx.runLast(messageStored(id, owner.id)), id), created: true };
  }

  private rowOf(
    { id, conversationId, owner, digest, message }: NewMessage,
    pinned: PinnedCitations,
  ): MessageRow {
    return {
      ...{ id, conversationId, ownerId: owner.id, role: message.role, content: message.content },
      ...{ citations: pinned.json, pins: pinned.pins, at: pinned.at },
      metadata: metadataText(message.metadata),
      language: this.language,
      requestDigest: digest,
    };
  }

  /** What is answered, without a look at what was stored. */
  private appended(
    asked: NewMessage,
    { shown }: PinnedCitations,
    [seq, createdAt, metadata]: Row,
  ): AppendedMessage {
    const { id, conversationId, message } = asked;
    const { role, content } = message;
    const members = [
      `"id":"${id}","conversationId":"${conversationId}","seq":${String(seq)},"role":"${role}"`,
      `"content":${JSON.stringify(content)},"citations":${shown},"metadata":${String(metadata)}`,
      `"createdAt":"${String(createdAt)}","redactedAt":null,"inherited":false`,
    ];
    return { id, json: `{${members.join(',')}}`, etag: etagOf(Number(seq)), created: true };
  }
}

function placeOf({ conversationId, owner }: NewMessage): QuotesPlace {
  return citationPlace(conversationId, owner.id);
}

/** Places of the citations whose version had ended already. */
function lateIn({ pins }: PinnedCitations): readonly number[] {
  return pins.filter(({ isLate }) => isLate).map(({ ordinal }) => ordinal);
}

/** **Errors**: `IdTaken` for another request. What was redacted has no digest any more, so nothing is the same as it. */
function requireSame(
  [conversationId, digest]: Row,
  asked: { readonly conversationId: string; readonly digest: Buffer },
): void {
  if (conversationId !== asked.conversationId || !Buffer.isBuffer(digest) || !digest.equals(asked.digest))
    throw new IdTaken();
}

/** **Errors**: `IdTaken` without a row: nothing was stored, because something else has the id. */
function storedMessage(
  [[row]]: readonly [readonly Row[]],
  id: string,
): Pick<AppendedMessage, 'id' | 'json' | 'etag'> {
  if (row === undefined) throw new IdTaken();
  return { id, json: row[1] as string, etag: etagOf(Number(row[0])) };
}
