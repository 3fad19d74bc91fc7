import { Inject, Injectable } from '@nestjs/common';
import { makeCursor, readCursor, type Page } from '../../common/pagination.js';
import type { Principal } from '../../common/principal.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { DatabaseTimeout, TooManyWaiting } from '../../database/database.errors.js';
import type { RowOwner } from '../../database/own-rows.js';
import { SqlService } from '../../database/sql.service.js';
import type { Row } from '../../database/statement.js';
import { SignerService } from '../../encryption/signer.service.js';
import type { MessagePlace } from '../messages/message-place.queries.js';
import { SearchTooSlow, TooManySearches } from './search.errors.js';
import { searchMessages, type SearchPage } from './search.queries.js';
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

/** A search that takes longer is ended. Of what one request looks through, 20 to 500 ms is usual. **Units**: milliseconds. */
const LONGEST_MS = 3_000;

/** How long a search waits for others. **Units**: milliseconds. */
const PATIENCE_MS = 5_000;

/** In each row of a page: what is said of the part that was looked through. */
const PART_COLUMNS = 4;

/**
 * Where a search goes on: newest and oldest message of the part that is looked through, the first one behind it, rank and
 * place of the last message of the page before. **Shape**: a part of which nothing is known yet has its newest message only.
 */
type Position = readonly [
  newest: MessagePlace | null,
  oldest: MessagePlace | null,
  next: MessagePlace | null,
  after: readonly [rank: string, ...MessagePlace] | null,
];

/** Searches the messages of whoever asks. */
@Injectable()
export class SearchMessagesService {
  constructor(
    private readonly sql: SqlService,
    private readonly signer: SignerService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * A page of what matches among the newest messages that are looked through at once, best first; behind the last of them the same of
   * those before. **Shape**: may be short, or empty, and have a `nextCursor`. **Errors**: `InvalidCursor`, `SearchTooSlow`,
   * `TooManySearches`.
   */
  async search(principal: Principal, { q, limit, cursor }: MessageSearch): Promise<Page<FoundMessage>> {
    const { userId, sessionId } = principal;
    const ownerId = userId ?? sessionId;
    const scope = ['message-search-by-moment', ownerId, q];
    const position = readCursor(this.signer, scope, cursor) as Position | null;
    const [newest, oldest, nextPart, after] = position ?? [null, null, null, null];
    const text = q.replaceAll(NEGATIONS, '-');
    const page = {
      ownerId,
      text,
      language: this.settings.history.searchLanguage,
      newest,
      oldest,
      after,
      limit,
    };
    const rows = await this.rowsOf(userId === null ? { visitorId: sessionId } : { userId }, page);
    const found = rows.map((row) => row.slice(PART_COLUMNS)).filter(([id]) => id !== null);
    // What lies behind a part is known since its first page.
    const [[from, to, next, hasMore] = []] = rows;
    const behind = oldest === null ? (next as MessagePlace | null) : nextPart;
    const last = hasMore === true ? found.at(-1) : undefined;
    const following: Position | null =
      last !== undefined
        ? [from as MessagePlace, to as MessagePlace, behind, afterOf(last)]
        : behind === null
          ? null
          : [behind, null, null, null];
    return {
      data: found.map(foundMessage),
      nextCursor: following === null ? null : makeCursor(this.signer, scope, following),
    };
  }

  /**
   * Runs a search in its turn: of one caller one at a time, and of all no more than leave others connections. **Why**: what a search
   * costs is for its caller to choose, within bounds, and nobody else's request should wait for it.
   */
  private async rowsOf(owner: RowOwner, page: SearchPage): Promise<readonly Row[]> {
    const own = { name: `search ${page.ownerId}`, patienceMs: PATIENCE_MS, atOnce: 1 };
    const everybodys = { name: 'search', patienceMs: PATIENCE_MS };
    const read = { owner, statement: searchMessages(page), withinMs: LONGEST_MS };
    try {
      return await this.sql.inTurn(own, () => this.sql.inTurn(everybodys, () => this.sql.readWithin(read)));
    } catch (error) {
      if (error instanceof TooManyWaiting) throw new TooManySearches();
      if (error instanceof DatabaseTimeout) throw new SearchTooSlow(LONGEST_MS, error);
      throw error;
    }
  }
}

function afterOf(row: Row): Position[3] {
  return [row[6] as string, row[8] as string, row[0] as string];
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
