import { Injectable } from '@nestjs/common';
import { makeCursor, readCursor } from '../../common/pagination.js';
import { SqlService } from '../../database/sql.service.js';
import { SignerService } from '../../encryption/signer.service.js';
import { StocksService } from '../../stocks/stocks.service.js';
import { RevisionLogService } from '../../versioning/revisions/revision-log.service.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import type { RevisionView } from '../../versioning/versioning.types.js';
import { BARS } from '../bars.types.js';
import { revisionChanges } from './revision-changes.queries.js';

/** A page of JSON texts, ready to send. */
export interface TextPage {
  readonly data: readonly string[];
  readonly nextCursor: string | null;
}

/** What a list of revisions asks for. */
export interface ListRevisions {
  readonly symbol: string | null;
  readonly branch: string | null;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** The commit log of stock data, and what each commit changed. */
@Injectable()
export class RevisionsService {
  constructor(
    private readonly sql: SqlService,
    private readonly stocks: StocksService,
    private readonly versioning: VersioningService,
    private readonly log: RevisionLogService,
    private readonly signer: SignerService,
  ) {}

  /** A page of revisions, newest first. **Errors**: `StockNotFound`, `BranchNotFound`, `InvalidCursor`. */
  async list(query: ListRevisions): Promise<TextPage> {
    const scope = ['revisions', query.symbol, query.branch];
    const [before] = (readCursor(this.signer, scope, query.cursor) ?? [null]) as [number | null];
    const scopes = query.symbol === null ? null : await this.stocks.allSeriesIds(query.symbol);
    const touched = scopes === null ? null : { table: BARS, scopes };
    const { data, last } = await this.log.page({ branch: query.branch, touched, before, limit: query.limit });
    return { data, nextCursor: last === null ? null : makeCursor(this.signer, scope, [last]) };
  }

  /** One revision. **Errors**: `RevisionNotFound`. */
  async get(id: number): Promise<RevisionView> {
    return this.log.get(id);
  }

  /** A page of what a revision changed, old beside new. **Errors**: `RevisionNotFound`, `InvalidCursor`. */
  async changes(id: number, limit: number, cursor: string | undefined): Promise<TextPage> {
    const scope = ['changes', id];
    const after = readCursor(this.signer, scope, cursor) as readonly [number, string] | null;
    const { branch } = await this.get(id);
    // Looked up anew: what follows compares no heads.
    await this.versioning.line(branch);
    const { lineage } = await this.versioning.readPoint(branch, { revision: id });
    const rows = await this.sql.read(revisionChanges({ revision: id, lineage, after, limit }));
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(([, , json]) => json as string),
      nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last[0], last[1]]),
    };
  }
}
