import { Injectable } from '@nestjs/common';
import { requireMatch } from '../../common/etag.js';
import { driverErrorFacts } from '../../database/driver-errors.js';
import { SqlService } from '../../database/sql.service.js';
import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { BranchStatus, BranchView } from './branch.types.js';
import { BranchesUsedUp, BranchNameTaken, BranchTooDeep } from './branches.errors.js';
import {
  branchByName,
  branchPage,
  endBranch,
  insertBranch,
  lockBranch,
  lockBranchToEnd,
  type BranchPage,
} from './branches.queries.js';
import { COMMITS, Patience } from '../commit/queues.js';
import { requireOpen, statusOf } from '../commit/turn.js';
import { lineageAt, NOW, type Line } from './lineage.types.js';
import { StoreHistory } from '../points/store-history.service.js';
import { branchOfRevision, headRevision, patience, takeCommitLock } from '../revisions/revisions.queries.js';
import { BranchMerged, BranchNotFound, RevisionOnOtherBranch, RootBranch } from '../versioning.errors.js';
import { VersioningService, type AsOf } from '../versioning.service.js';

/**
 * How many branches a branch may be away from `main`. **Why**: each is one join of every read and commit. A page takes 0.15 s at a
 * depth of 20, 0.5 s at 50, 3.8 s at 100, and longer than it may at 200.
 */
const MAX_DEPTH = 32;

/** What a new branch is to be. Without `asOf` it leaves its parent now. */
export interface NewBranch {
  readonly name: string;
  readonly parent: string;
  readonly asOf: AsOf | undefined;
  readonly createdBy: string | null;
}

/** A branch with the ETag of its state. */
export interface TaggedBranch {
  readonly branch: BranchView;
  readonly etag: string;
}

/** Makes, lists and discards branches. */
@Injectable()
export class BranchesService {
  constructor(
    private readonly sql: SqlService,
    private readonly versioning: VersioningService,
    private readonly history: StoreHistory,
  ) {}

  /**
   * Forks a branch off its parent. Nothing is copied: the branch is one row.
   *
   * It waits for no commit: whatever revision is the newest that can be seen, all up to it are complete.
   * **Errors**: `BranchNotFound`, `BranchMerged`, `BranchDiscarded` of the parent; `BranchNameTaken`; `AsOfInFuture`,
   * `AsOfBeforeFirst`, `RevisionOnOtherBranch`; `BranchTooDeep`, `BranchesUsedUp`.
   */
  async create(branch: NewBranch): Promise<TaggedBranch> {
    await this.history.settled(() => this.insert(branch));
    return this.get(branch.name);
  }

  private async insert(branch: NewBranch): Promise<void> {
    const { name, asOf, createdBy } = branch;
    const parent = await this.versioning.line(branch.parent);
    const point = await this.versioning.readPoint(parent.name, asOf);
    await this.sql.transaction(async (tx) => {
      // Locked by number and name, so its ancestors are still those that were looked up.
      requireOpen(parent.name, await statusOf(tx, lockBranch(parent)));
      requireRoomBelow(parent);
      const head = Number((await tx.runOne(headRevision()))[0]);
      const forkRevision = this.versioning.answeredRevision(point, head);
      if (asOf !== undefined && 'revision' in asOf) await requireRelated(tx, forkRevision, parent);
      await insertNew(tx, { name, parentId: parent.id, forkRevision, createdBy });
    });
  }

  /** One branch. **Errors**: `BranchNotFound`. */
  async get(name: string): Promise<TaggedBranch> {
    const row = await this.sql.readOne(branchByName(name));
    if (row === null) throw new BranchNotFound(name);
    const branch = JSON.parse(row[0] as string) as BranchView;
    return { branch, etag: branchEtag(branch.status) };
  }

  /** Branches, newest first. **Shape**: `data` is JSON text of each; `last` is the number to go on before, null on the last page. */
  async page(query: BranchPage): Promise<{ readonly data: readonly string[]; readonly last: number | null }> {
    const rows = await this.sql.read(branchPage(query));
    const page = rows.slice(0, query.limit);
    return {
      data: page.map(([, json]) => json as string),
      last: rows.length > query.limit ? Number(page.at(-1)?.[0]) : null,
    };
  }

  /**
   * Gives a branch up: it stays readable and takes no more changes. Discarding it again does nothing.
   *
   * **Errors**: `BranchNotFound`, `RootBranch`, `BranchMerged`, `StaleResource`.
   */
  async discard(name: string, ifMatch: string | undefined): Promise<void> {
    await this.history.settled(() => this.end(name, ifMatch));
  }

  private async end(name: string, ifMatch: string | undefined): Promise<void> {
    const line = await this.versioning.line(name);
    if (line.parent === null) throw new RootBranch(name);
    const waits = new Patience(COMMITS);
    await this.sql.transaction(async (tx) => {
      await tx.run(patience(waits.leftMs));
      await tx.run(takeCommitLock());
      const status = await statusOf(tx, lockBranchToEnd(line));
      requireMatch(ifMatch, branchEtag(status));
      if (status === 'merged') throw new BranchMerged(name);
      if (status === 'open') await tx.run(endBranch(line.id, 'discarded'));
    }, COMMITS);
  }
}

/** All that ever changes about a branch is its status, once. */
function branchEtag(status: BranchStatus): string {
  return `"${status}"`;
}

/** Lets a revision through that a branch sees: made on it, or on one of its ancestors before it was left. **Errors**: `RevisionOnOtherBranch`. */
async function requireRelated(tx: SqlTransaction, revision: number, line: Line): Promise<void> {
  const [id, madeOn] = await tx.runOne(branchOfRevision(revision));
  const shownUpTo = lineageAt(line, NOW).find(({ branchId }) => branchId === Number(id))?.revision;
  if (shownUpTo !== undefined && revision <= shownUpTo) return;
  throw new RevisionOnOtherBranch(revision, { madeOn: String(madeOn), askedOf: line.name, shownUpTo });
}

/** **Errors**: `BranchTooDeep`. */
function requireRoomBelow(parent: Line): void {
  const depth = parent.ancestors.length + 1;
  if (depth > MAX_DEPTH) throw new BranchTooDeep(parent.name, { depth, most: MAX_DEPTH });
}

async function insertNew(tx: SqlTransaction, branch: Parameters<typeof insertBranch>[0]): Promise<void> {
  try {
    const [made] = await tx.run(insertBranch(branch));
    if (made !== undefined) return;
  } catch (error) {
    const { code, constraint } = driverErrorFacts(error);
    // 2200H: the sequence has no next number.
    if (code === '2200H') throw new BranchesUsedUp(error);
    if (constraint !== 'branches_name_key') throw error;
  }
  throw new BranchNameTaken(branch.name);
}
