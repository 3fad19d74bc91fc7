import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { etagOf, requireMatch } from '../../common/etag.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { SqlService } from '../../database/sql.service.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { Row } from '../../database/statement.js';
import { ConversationNotFound, IdTaken } from '../chat-history.errors.js';
import { insertLate, takeLateTurn } from '../citations/late-citations.queries.js';
import { CitationsService, type PreparedCitations } from '../citations/citations.service.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { metadataText, orMetadataTooLarge } from '../idempotency/metadata.js';
import { requestDigest } from '../idempotency/request-digest.js';
import {
  addMessage,
  findWords,
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

/** A message that nobody stored yet. */
interface NewMessage extends AppendMessage {
  readonly id: string;
  readonly ownerId: string;
  readonly citations: PreparedCitations;
  readonly digest: Buffer;
}

/** How long an append waits for others to the same conversation. **Units**: milliseconds. */
const PATIENCE_MS = 10_000;

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
    const write = async (tx: SqlTransaction): Promise<AppendedMessage> => {
      const [, [taken], [made] = []] = await tx.runTogether(
        findWords(this.language, content),
        takeConversation(conversationId, owner.id),
        // Looked for behind the lock: the same request at the same time has been stored by now, or comes later.
        ...(id === undefined ? [] : [messageMade(id, owner.id)]),
      );
      if (taken === undefined) throw new ConversationNotFound();
      if (id !== undefined && made !== undefined) {
        requireSame(made, { conversationId, digest });
        return { ...storedMessage(await tx.runLast(messageStored(id, owner.id)), id), created: false };
      }
      requireMatch(ifMatch, etagOf(Number(taken[0])));
      return this.store(tx, taken, { ...input, id: id ?? uuidv7(), ownerId: owner.id, citations, digest });
    };
    const queue = { name: `append ${owner.id} ${conversationId}`, patienceMs: PATIENCE_MS };
    return orMetadataTooLarge(() => this.sql.inTurn(queue, () => this.sql.transactionAs(owner, write)));
  }

  private async store(
    tx: SqlTransaction,
    [, branchId, asOfRevision]: Row,
    input: NewMessage,
  ): Promise<AppendedMessage> {
    const { id, conversationId, ownerId, citations, digest, message } = input;
    const place = { branchId: Number(branchId), asOfRevision: asOfRevision as number | null };
    const { json, pins, head } = await this.citations.pin(tx, citations, place);
    const row: MessageRow = {
      ...{ id, conversationId, ownerId, role: message.role, content: message.content, citations: json },
      metadata: metadataText(message.metadata),
      language: this.language,
      requestDigest: digest,
      pins,
    };
    const add = addMessage(row);
    const ordinals = pins.filter(({ isLate }) => isLate).map(({ ordinal }) => ordinal);
    if (ordinals.length === 0) return { ...storedMessage(await tx.runLast(add), id), created: true };
    const [added, stored] = await tx.runTogether(add, messageStored(id, ownerId));
    if (added.length === 0) throw new IdTaken();
    await tx.runLast(takeLateTurn(ownerId), insertLate({ messageId: id, ownerId, ordinals, head }));
    return { ...storedMessage([stored], id), created: true };
  }
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
