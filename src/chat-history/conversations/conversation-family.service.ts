import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { etagOf, requireMatch } from '../../common/etag.js';
import { SqlService } from '../../database/sql.service.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { ConversationNotFound, ForkBeyondEnd, ForkTooDeep } from '../chat-history.errors.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { requestDigest } from '../idempotency/request-digest.js';
import type { ForkConversationRequest } from './dto/write-conversation.dto.js';
import { buryConversation, lockFamily, removeUnshown } from './family.queries.js';
import { madeBefore, storeConversation, type MadeConversation } from './store-conversation.js';

/** How often a fork may be forked: what a page of messages looks through at most. */
const MAX_ANCESTORS = 64;

/** What a fork is asked with. */
export interface ForkConversation {
  readonly parentId: string;
  readonly fork: ForkConversationRequest;
}

/** One of the conversations between a fork and what everything began with. */
interface Relative {
  readonly id: string;
  readonly isDeleted: boolean;
  readonly lastSeq: number;
  readonly version: number;
  readonly asOfRevision: number | null;
  readonly branchId: number;
  readonly title: string | null;
}

/** Forks and deletions: what one conversation is to others. */
@Injectable()
export class ConversationFamilyService {
  constructor(private readonly sql: SqlService) {}

  /**
   * Makes a conversation that shows the first messages of another and goes on by itself. Nothing is copied, and the parent does not
   * change. The same request again, under the id that the client gave, is answered again.
   *
   * **Errors**: `ConversationNotFound`, `ForkBeyondEnd`, `ForkTooDeep`, `IdTaken`.
   */
  async fork(owner: HistoryOwner, { parentId, fork }: ForkConversation): Promise<MadeConversation> {
    const { id = uuidv7(), ...request } = fork;
    const digest = requestDigest({ ...request, kind: 'fork', parentId });
    return this.sql.transactionAs(owner, async (tx) => {
      // First, because the parent may be gone since.
      const before = await madeBefore(tx, { id, ownerId: owner.id, requestDigest: digest });
      if (before !== null) return before;
      const family = await familyOf(tx, parentId, owner.id);
      const parent = living(family, parentId);
      if (family.length > MAX_ANCESTORS) throw new ForkTooDeep(MAX_ANCESTORS);
      if (fork.atSeq > parent.lastSeq) throw new ForkBeyondEnd(parent.lastSeq);
      return storeConversation(tx, {
        id,
        owner,
        title: fork.title === undefined ? parent.title : fork.title,
        metadata: null,
        asOfRevision: parent.asOfRevision,
        branchId: parent.branchId,
        parent: { id: parentId, forkSeq: fork.atSeq },
        requestDigest: digest,
      });
    });
  }

  /**
   * Deletes a conversation with its messages. What living forks show of it stays until the last of them goes, too.
   *
   * **Errors**: `ConversationNotFound`; `StaleResource` when `ifMatch` is not the current ETag.
   */
  async remove(owner: HistoryOwner, id: string, ifMatch: string | undefined): Promise<void> {
    await this.sql.transactionAs(owner, async (tx) => {
      const family = await familyOf(tx, id, owner.id);
      const { version } = living(family, id);
      requireMatch(ifMatch, etagOf(version));
      await tx.run(buryConversation(id, owner.id));
      const buried = family.filter((relative) => relative.isDeleted).map((relative) => relative.id);
      await tx.run(removeUnshown([id, ...buried], owner.id));
    });
  }
}

/** A conversation and its ancestors, locked. */
async function familyOf(tx: SqlTransaction, id: string, ownerId: string): Promise<readonly Relative[]> {
  const rows = await tx.run(lockFamily(id, ownerId));
  return rows.map(([relative, isDeleted, lastSeq, version, asOfRevision, branchId, title]) => ({
    id: relative as string,
    isDeleted: isDeleted === true,
    lastSeq: Number(lastSeq),
    version: Number(version),
    asOfRevision: asOfRevision as number | null,
    branchId: Number(branchId),
    title: title as string | null,
  }));
}

function living(family: readonly Relative[], id: string): Relative {
  const found = family.find((relative) => relative.id === id);
  if (found === undefined || found.isDeleted) throw new ConversationNotFound();
  return found;
}
