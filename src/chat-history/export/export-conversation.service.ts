import { Injectable } from '@nestjs/common';
import { exactJson } from '../../common/json-text.js';
import { actAs } from '../../database/own-rows.queries.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { SqlService } from '../../database/sql.service.js';
import { RevisionLogService } from '../../versioning/revisions/revision-log.service.js';
import { ConversationNotFound } from '../chat-history.errors.js';
import { conversationById } from '../conversations/conversations.queries.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { messagePage } from '../messages/messages.queries.js';
import { digestOf, EXPORT_FORMAT, type ExportContent, type ExportDocument } from './export-document.types.js';
import { ExportTooLarge } from './export.errors.js';
import { isTooLarge, momentOfExport, oneMoment } from './export.queries.js';
import { portable, quotedIn } from './portable.js';

const MAX_MIB = 32;
const MAX_BYTES = MAX_MIB * 1024 * 1024;
const PAGE = 500;

/** Makes of a conversation a document that stands by itself. */
@Injectable()
export class ExportConversationService {
  constructor(
    private readonly sql: SqlService,
    private readonly log: RevisionLogService,
  ) {}

  /** A conversation as it is at one moment. **Errors**: `ConversationNotFound`, `ExportTooLarge`. */
  async export(owner: HistoryOwner, id: string): Promise<ExportDocument> {
    const content = await this.sql.transaction(async (tx): Promise<ExportContent> => {
      await tx.run(oneMoment());
      await tx.run(actAs(owner));
      const [stored] = await tx.run(conversationById(id, owner.id));
      if (stored === undefined) throw new ConversationNotFound();
      const conversation = portable(exactJson(stored[1] as string));
      const messages = await everyMessage(tx, owner, id);
      const [exportedAt, head] = await tx.runOne(momentOfExport());
      const { bars, revisions } = quotedIn(messages);
      const fixedAt = conversation['asOf'] as number | null;
      return {
        format: EXPORT_FORMAT,
        exportedAt: exportedAt as string,
        revision: head as number,
        conversation,
        messages,
        bars,
        revisions: await this.log.many(tx, fixedAt === null ? revisions : [...revisions, fixedAt]),
      };
    });
    return {
      ...content,
      digest: { algorithm: 'SHA-256', canonicalization: 'JCS', value: digestOf(content) },
    };
  }
}

/** Every message that a conversation shows, in order. **Errors**: `ExportTooLarge`. */
async function everyMessage(
  tx: SqlTransaction,
  owner: HistoryOwner,
  conversationId: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  // Before any page is made: those of 100,000 short messages took ten seconds, to be refused at the end.
  const sum = { conversationId, ownerId: owner.id, maxBytes: MAX_BYTES };
  const [tooLarge] = await tx.runOne(isTooLarge(sum));
  if (tooLarge === true) throw new ExportTooLarge(MAX_MIB);
  const messages: Readonly<Record<string, unknown>>[] = [];
  let bytes = 0;
  let after: number | null = null;
  do {
    const page = messagePage({ conversationId, ownerId: owner.id, order: 'asc', after, limit: PAGE });
    const [, text, last] = (await tx.runOne(page)) as readonly [boolean, string | null, number | null];
    bytes += Buffer.byteLength(text ?? '');
    if (bytes > MAX_BYTES) throw new ExportTooLarge(MAX_MIB);
    messages.push(...(exactJson(`[${text ?? ''}]`) as unknown[]).map(portable));
    after = last;
  } while (after !== null);
  return messages;
}
