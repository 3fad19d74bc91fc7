import { Injectable } from '@nestjs/common';
import { makeCursor, readCursor } from '../../common/pagination.js';
import { SqlService } from '../../database/sql.service.js';
import { SignerService } from '../../encryption/signer.service.js';
import type { BranchStatus } from '../../versioning/branches/branch.types.js';
import { BranchesService } from '../../versioning/branches/branches.service.js';
import { RootBranch } from '../../versioning/versioning.errors.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import { branchChanges } from './branch-changes.queries.js';
import type { TextPage } from '../revisions/revisions.service.js';

/** What a list of branches asks for. */
export interface ListBranches {
  readonly status: BranchStatus | null;
  readonly parent: string | null;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Lists branches, and what each changed. */
@Injectable()
export class ReadBranchesService {
  constructor(
    private readonly sql: SqlService,
    private readonly branches: BranchesService,
    private readonly versioning: VersioningService,
    private readonly signer: SignerService,
  ) {}

  /** A page of branches, newest first. **Errors**: `BranchNotFound` of the parent, `InvalidCursor`. */
  async list(query: ListBranches): Promise<TextPage> {
    const { status, parent, limit, cursor } = query;
    const scope = ['branches', status, parent];
    const [before] = (readCursor(this.signer, scope, cursor) ?? [null]) as [number | null];
    if (parent !== null) await this.versioning.line(parent);
    const { data, last } = await this.branches.page({ status, parent, before, limit });
    return { data, nextCursor: last === null ? null : makeCursor(this.signer, scope, [last]) };
  }

  /**
   * A page of what a branch changed: each bar as its parent showed it at the fork beside what the branch shows. A cursor goes on at
   * the revision of the page that made it.
   *
   * **Errors**: `BranchNotFound`, `RootBranch`, `InvalidCursor`.
   */
  async changes(name: string, limit: number, cursor: string | undefined): Promise<TextPage> {
    const scope = ['branch-changes', name];
    const position = readCursor(this.signer, scope, cursor) as readonly [number, string, number] | null;
    const { parent } = await this.versioning.line(name);
    if (parent === null) throw new RootBranch(name);
    const asOf = position === null ? undefined : { revision: position[2] };
    const point = await this.versioning.readPoint(name, asOf);
    const after = position === null ? null : ([position[0], position[1]] as const);
    const rows = await this.sql.read(branchChanges({ lineage: point.lineage, after, limit }));
    const revision = this.versioning.answeredRevision(point, Number(rows[0]?.[0]));
    const changes = rows.filter(([, series]) => series !== null);
    const page = changes.slice(0, limit);
    const last = changes.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(([, , , json]) => json as string),
      nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last[1], last[2], revision]),
    };
  }
}
