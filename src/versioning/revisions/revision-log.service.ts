import { Injectable } from '@nestjs/common';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import { SqlService } from '../../database/sql.service.js';
import {
  headRevision,
  revisionById,
  revisionPage,
  revisionsAfter,
  revisionsByIds,
} from './revisions.queries.js';
import { RevisionNotFound } from '../versioning.errors.js';
import { VersioningService } from '../versioning.service.js';
import type { RevisionView, VersionedTable } from '../versioning.types.js';

/** What a page of the commit log asks for. `touched` limits it to revisions that changed one of these scopes of a table. */
export interface LogPage {
  readonly branch: string | null;
  readonly touched: { readonly table: VersionedTable; readonly scopes: readonly number[] } | null;
  readonly before: number | null;
  readonly limit: number;
}

/** Reads the commit log. */
@Injectable()
export class RevisionLogService {
  constructor(
    private readonly sql: SqlService,
    private readonly versioning: VersioningService,
  ) {}

  /**
   * Revisions, newest first. **Shape**: `data` is JSON text of each, ready to send; `last` is the number to go on before, null
   * on the last page. **Errors**: `BranchNotFound`.
   */
  async page(query: LogPage): Promise<{ readonly data: readonly string[]; readonly last: number | null }> {
    const branchId = query.branch === null ? null : await this.versioning.branchId(query.branch);
    const rows = await this.sql.read(revisionPage({ ...query, branchId }));
    const page = rows.slice(0, query.limit);
    return {
      data: page.map(([, json]) => json as string),
      last: rows.length > query.limit ? Number(page.at(-1)?.[0]) : null,
    };
  }

  /** One revision. **Errors**: `RevisionNotFound`. */
  async get(id: number): Promise<RevisionView> {
    const row = await this.sql.readOne(revisionById(id));
    if (row === null) throw new RevisionNotFound(id);
    return JSON.parse(row[0] as string) as RevisionView;
  }

  /** The newest revision of all, 0 when there is none. */
  async head(): Promise<number> {
    return Number((await this.sql.readOne(headRevision()))?.[0]);
  }

  /** Revisions after one, oldest first. **Shape**: `json` is ready to send. */
  async after(id: number, limit: number): Promise<readonly { readonly id: number; readonly json: string }[]> {
    const rows = await this.sql.read(revisionsAfter(id, limit));
    return rows.map(([number, json]) => ({ id: Number(number), json: json as string }));
  }

  /** Those of these revisions that there are, in their order, as a transaction sees them. */
  async many(tx: SqlTransaction, ids: readonly number[]): Promise<readonly RevisionView[]> {
    const rows = await tx.run(revisionsByIds(ids));
    return rows.map(([json]) => JSON.parse(json as string) as RevisionView);
  }
}
