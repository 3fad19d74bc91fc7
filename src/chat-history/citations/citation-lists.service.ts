import { Injectable } from '@nestjs/common';
import { makeCursor, readCursor } from '../../common/pagination.js';
import { SqlService } from '../../database/sql.service.js';
import type { Row } from '../../database/statement.js';
import { SignerService } from '../../encryption/signer.service.js';
import { RevisionLogService } from '../../versioning/revisions/revision-log.service.js';
import { AsOfBeforeFirst, AsOfInFuture } from '../../versioning/versioning.errors.js';
import { VersioningService, type AsOf } from '../../versioning/versioning.service.js';
import type { HistoryOwner } from '../history-owner.types.js';
import type { MessagePlace } from '../messages/message-place.queries.js';
import { messagesCiting } from './citing-messages.queries.js';
import {
  affectedCitations,
  countAffected,
  restatedCitations,
  type RestatedPosition,
} from './restated.queries.js';

/** A page of JSON texts, ready to send. */
export interface TextPage {
  readonly data: readonly string[];
  readonly nextCursor: string | null;
}

/** How much of a list is asked for. */
interface Paging {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What an administrator may see of everybody's citations: that they are there, and of which bar. */
const ANYBODYS = { purpose: 'restatement' } as const;

/** Finds messages by what they cite, and citations by what became of it. */
@Injectable()
export class CitationListsService {
  constructor(
    private readonly sql: SqlService,
    private readonly signer: SignerService,
    private readonly versioning: VersioningService,
    private readonly log: RevisionLogService,
  ) {}

  /** A page of somebody's messages with a citation that has all these members, newest first. **Errors**: `InvalidCursor`. */
  async citing(
    owner: HistoryOwner,
    members: Readonly<Record<string, string>>,
    paging: Paging,
  ): Promise<TextPage> {
    const citation = JSON.stringify(members);
    const scope = ['messages-citing-by-moment', owner.id, citation];
    const before = readCursor(this.signer, scope, paging.cursor) as MessagePlace | null;
    const page = { ownerId: owner.id, citation, before, limit: paging.limit };
    const rows = await this.sql.readAs(owner, messagesCiting(page));
    return this.textPage({ rows, limit: paging.limit, scope, position: ([at, id]) => [at, id] });
  }

  /**
   * A page of somebody's citations that were restated, in the order of the revisions that did it: whoever asks again `since` the last
   * one gets what came after. **Errors**: `InvalidCursor`.
   */
  async restated(owner: HistoryOwner, since: AsOf | undefined, paging: Paging): Promise<TextPage> {
    const scope = ['citations-restated', owner.id, since ?? null];
    const after = readCursor(this.signer, scope, paging.cursor) as RestatedPosition | null;
    const page = { ownerId: owner.id, since: await this.revisionOf(since), after, limit: paging.limit };
    const rows = await this.sql.readAs(owner, restatedCitations(page));
    return this.textPage({ rows, limit: paging.limit, scope, position: (row) => row.slice(0, 3) });
  }

  /** A page of the citations, whoever's, that a revision restated, and how many there are. **Errors**: `RevisionNotFound`, `InvalidCursor`. */
  async affected(revision: number, paging: Paging): Promise<TextPage & { readonly count: number }> {
    const scope = ['citations-affected', revision];
    const after = readCursor(this.signer, scope, paging.cursor) as readonly [string, number] | null;
    await this.log.get(revision);
    const [counted] = await this.sql.readAs(ANYBODYS, countAffected(revision));
    const { limit } = paging;
    const rows = await this.sql.readAs(ANYBODYS, affectedCitations({ revision, after, limit }));
    const page = this.textPage({ rows, limit, scope, position: (row) => row.slice(0, 2) });
    return { ...page, count: Number(counted?.[0]) };
  }

  private textPage(input: {
    readonly rows: readonly Row[];
    readonly limit: number;
    readonly scope: readonly unknown[];
    readonly position: (row: Row) => readonly unknown[];
  }): TextPage {
    const page = input.rows.slice(0, input.limit);
    const last = input.rows.length > input.limit ? page.at(-1) : undefined;
    return {
      data: page.map((row) => row.at(-1) as string),
      nextCursor: last === undefined ? null : makeCursor(this.signer, input.scope, input.position(last)),
    };
  }

  /** The newest revision that is not asked for: none for a moment before the first, all for one that is yet to come. */
  private async revisionOf(since: AsOf | undefined): Promise<number> {
    if (since === undefined) return 0;
    if ('revision' in since) return since.revision;
    try {
      return (await this.versioning.readPoint(undefined, since)).revision;
    } catch (error) {
      if (error instanceof AsOfBeforeFirst) return 0;
      if (error instanceof AsOfInFuture) return Number.MAX_SAFE_INTEGER;
      throw error;
    }
  }
}
