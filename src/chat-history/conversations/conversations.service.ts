import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { etagOf, requireMatch } from '../../common/etag.js';
import { makeCursor, readCursor } from '../../common/pagination.js';
import { SqlService } from '../../database/sql.service.js';
import { SignerService } from '../../encryption/signer.service.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import { ConversationNotFound, RetainedBeforeMade } from '../chat-history.errors.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { metadataText, orMetadataTooLarge } from '../idempotency/metadata.js';
import { requestDigest } from '../idempotency/request-digest.js';
import {
  changeConversation,
  conversationById,
  conversationPage,
  conversationToChange,
  newestRevision,
  type ConversationChanges,
} from './conversations.queries.js';
import { lockFamily } from './family.queries.js';
import type { CreateConversationRequest } from './dto/write-conversation.dto.js';
import {
  storeConversation,
  tagged,
  type MadeConversation,
  type TaggedConversation,
} from './store-conversation.js';

/** What a list of conversations asks for. */
export interface ListConversations {
  readonly archived: boolean | null;
  readonly pinned: boolean | null;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Somebody's own conversations. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly sql: SqlService,
    private readonly versioning: VersioningService,
    private readonly signer: SignerService,
  ) {}

  /**
   * Makes a conversation. The same request again, under the id that the client gave, is answered again.
   *
   * **Errors**: `IdTaken`, `BranchNotFound`, `AsOfInFuture`, `AsOfBeforeFirst`, `MetadataTooLarge`; `Unauthenticated` for a visitor
   * who has just signed in.
   */
  async create(owner: HistoryOwner, conversation: CreateConversationRequest): Promise<MadeConversation> {
    const { id, ...request } = conversation;
    const { title, metadata, asOf, branch } = request;
    const point = await this.versioning.readPoint(branch, asOf);
    const branchId = await this.versioning.branchId(branch);
    return orMetadataTooLarge(() =>
      this.sql.transactionAs(owner, async (tx) => {
        const head = asOf === undefined ? 0 : Number((await tx.runOne(newestRevision()))[0]);
        return storeConversation(tx, {
          id: id ?? uuidv7(),
          owner,
          title: title ?? null,
          metadata: metadataText(metadata),
          asOfRevision: asOf === undefined ? null : this.versioning.answeredRevision(point, head),
          branchId,
          parent: null,
          requestDigest: requestDigest({ ...request, kind: 'conversation' }),
        });
      }),
    );
  }

  /** A page, newest activity first. **Shape**: `data` is JSON text of each. **Errors**: `InvalidCursor`. */
  async list(
    owner: HistoryOwner,
    query: ListConversations,
  ): Promise<{ readonly data: readonly string[]; readonly nextCursor: string | null }> {
    const { archived, pinned, limit, cursor } = query;
    const scope = ['conversations', owner.id, archived, pinned];
    const after = readCursor(this.signer, scope, cursor) as readonly [string, string] | null;
    const page = { ownerId: owner.id, archived, pinned, after, limit };
    const rows = await this.sql.readAs(owner, conversationPage(page));
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      data: shown.map(([, , json]) => json as string),
      nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last[0], last[1]]),
    };
  }

  /** One conversation. **Errors**: `ConversationNotFound`. */
  async get(owner: HistoryOwner, id: string): Promise<TaggedConversation> {
    const [row] = await this.sql.readAs(owner, conversationById(id, owner.id));
    if (row === undefined) throw new ConversationNotFound();
    return tagged(row);
  }

  /**
   * Changes what is said of a conversation. **Errors**: `ConversationNotFound`; `StaleResource` when `ifMatch` is not the current ETag;
   * `RetainedBeforeMade`.
   */
  async update(
    owner: HistoryOwner,
    input: {
      readonly id: string;
      readonly changes: ConversationChanges;
      readonly ifMatch: string | undefined;
    },
  ): Promise<TaggedConversation> {
    const { id, changes, ifMatch } = input;
    const { pinned, retainUntil } = changes;
    return this.sql.transactionAs(owner, async (tx) => {
      // With its ancestors, whose messages it may want kept: retention holds these while it removes them.
      if (pinned !== undefined || retainUntil !== undefined) await tx.run(lockFamily(id, owner.id));
      const [row] = await tx.run(conversationToChange(id, owner.id, retainUntil ?? null));
      if (row === undefined) throw new ConversationNotFound();
      const [version, isTooEarly] = row;
      requireMatch(ifMatch, etagOf(Number(version)));
      if (isTooEarly === true) throw new RetainedBeforeMade();
      return tagged(await tx.runOne(changeConversation(id, owner.id, changes)));
    });
  }
}
