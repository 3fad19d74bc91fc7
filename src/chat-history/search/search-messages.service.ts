import { Inject, Injectable } from '@nestjs/common';
import { makeCursor, readCursor, type Page } from '../../common/pagination.js';
import type { Principal } from '../../common/principal.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { SqlService } from '../../database/sql.service.js';
import type { Row } from '../../database/statement.js';
import { SignerService } from '../../encryption/signer.service.js';
import { searchMessages } from './search.queries.js';
import { snippetHtml } from './snippet.js';

/** One message that was found. */
export interface FoundMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly conversationTitle: string | null;
  /** In that conversation, which for a fork is also its number in the conversation that it came from. */
  readonly seq: number;
  readonly role: string;
  readonly createdAt: string;
  readonly rank: number;
  /** HTML. */
  readonly snippet: string;
}

/** What is searched for. */
export interface MessageSearch {
  readonly q: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * Minus signs one after the other. **Why** taken as one: PostgreSQL nests a negation for each, and gives up with an internal error
 * at some thirty; nobody means more than one.
 */
const NEGATIONS = /-(?:[\s-]*-)+/g;

/** Searches the messages of whoever asks. */
@Injectable()
export class SearchMessagesService {
  constructor(
    private readonly sql: SqlService,
    private readonly signer: SignerService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** A page of what matches, best first. **Errors**: `InvalidCursor`. */
  async search(principal: Principal, { q, limit, cursor }: MessageSearch): Promise<Page<FoundMessage>> {
    const { userId, sessionId } = principal;
    const ownerId = userId ?? sessionId;
    const scope = ['message-search', ownerId, q];
    const after = readCursor(this.signer, scope, cursor) as readonly [string, string] | null;
    const text = q.replaceAll(NEGATIONS, '-');
    const page = { ownerId, text, language: this.settings.history.searchLanguage, after, limit };
    const owner = userId === null ? { visitorId: sessionId } : { userId };
    const rows = await this.sql.readAs(owner, searchMessages(page));
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      data: shown.map(foundMessage),
      nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last[6], last[0]]),
    };
  }
}

function foundMessage([id, conversationId, title, seq, role, createdAt, rank, marked]: Row): FoundMessage {
  return {
    id: id as string,
    conversationId: conversationId as string,
    conversationTitle: title as string | null,
    seq: seq as number,
    role: role as string,
    createdAt: createdAt as string,
    rank: Number(rank),
    snippet: snippetHtml(marked as string),
  };
}
