import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SqlService } from '../database/sql.service.js';
import type { SqlTransaction } from '../database/sql-transaction.js';
import { branchLineage, lockBranch } from './branches.queries.js';
import {
  closeVersions,
  collectChanges,
  countChanges,
  createChanges,
  hasNoVersions,
  insertProposals,
  insertVersions,
  noteAllTouched,
  noteTouched,
} from './commit.queries.js';
import {
  finishRevision,
  headRevision,
  insertRevision,
  patience,
  revisionAtInstant,
  takeCommitLock,
  takeFinishLock,
  waitForFinish,
} from './revisions.queries.js';
import { ScopesNotEmpty, type CommitPlace, type FirstRows } from './first-rows.types.js';
import { AsOfBeforeFirst, AsOfInFuture, BranchNotFound, BranchNotOpen } from './versioning.errors.js';
import {
  MAIN_BRANCH,
  type CommitReport,
  type LineageSegment,
  type Proposals,
  type ReadPoint,
  type RevisionDraft,
  type VersionedTable,
} from './versioning.types.js';

/** What never changes about a branch once it is made: its number, and where its ancestors were left. */
interface Line {
  readonly name: string;
  readonly id: number;
  readonly ancestors: readonly LineageSegment[];
}

/** A revision number, or an instant in RFC 3339. */
export type AsOf = { readonly revision: number } | { readonly instant: string };

/** The two parts of a commit that only its maker knows. */
export interface CommitWork {
  /** Receives, parses, checks, fills temporary tables; says what to write. No lock is held yet. */
  stage(tx: SqlTransaction): Promise<Proposals | FirstRows>;
  /** Looks, while no other commit can come between, at what the commit relies on; throws to give up. */
  verify?(tx: SqlTransaction): Promise<void>;
}

const REMEMBERED_LINES = 1_000;

/** The number of the newest revision, which every open version is part of. */
const NOW = Number.MAX_SAFE_INTEGER;

/**
 * Commits changes to versioned tables as revisions, and turns "as of" and "branch" into a point to read from.
 */
@Injectable()
export class VersioningService {
  // Safe to keep: a branch's number and forks never change and no branch is ever removed. Its status may change and is not here.
  private readonly lines = new LRUCache<string, Line>({ max: REMEMBERED_LINES });

  constructor(private readonly sql: SqlService) {}

  /**
   * The point that a read starts from.
   *
   * Costs no statement for "now" or a revision number on a branch already met: the reading statement returns the head of
   * its own snapshot, and {@link answeredRevision} compares.
   * **Errors**: `BranchNotFound`, `AsOfBeforeFirst`; `AsOfInFuture` for an instant.
   */
  async readPoint(branch: string = MAIN_BRANCH, asOf?: AsOf): Promise<ReadPoint> {
    const line = await this.line(branch);
    const revision = asOf === undefined ? NOW : await this.resolve(asOf);
    return {
      branch: line.name,
      revision,
      lineage: lineageAt(line, revision),
      isNow: asOf === undefined,
    };
  }

  /**
   * The revision that an answer names, given the head that its statement saw. **Errors**: `AsOfInFuture`.
   */
  answeredRevision(point: ReadPoint, head: number): number {
    if (point.isNow) return head;
    if (point.revision > head) throw new AsOfInFuture(String(point.revision), head);
    return point.revision;
  }

  /** The number of a branch. **Errors**: `BranchNotFound`. */
  async branchId(name: string): Promise<number> {
    return (await this.line(name)).id;
  }

  /**
   * Makes one revision of what `stage` proposes, in one transaction.
   *
   * The long part comes first (`stage`), before any lock is taken. Then commits take turns: what they rely on is looked at
   * (`verify`), the revision is numbered, the differences to what the branch shows are written, and the lock goes with
   * the commit. Nothing to change makes no revision.
   *
   * **Errors**: `BranchNotFound`, `BranchNotOpen`, those of `work`, those of the database; `ScopesNotEmpty` for first rows that are
   * not the first. On any error nothing is stored.
   */
  async commit(table: VersionedTable, draft: RevisionDraft, work: CommitWork): Promise<CommitReport> {
    const line = await this.line(draft.branch);
    return this.sql.transaction(async (tx) => {
      await tx.run(patience());
      const proposals = await work.stage(tx);
      await tx.run(takeCommitLock());
      const [status] = await tx.runOne(lockBranch(line.id));
      if (status !== 'open') throw new BranchNotOpen(line.name, String(status));
      await work.verify?.(tx);
      return this.write(tx, { table, draft, line, proposals });
    });
  }

  /**
   * Whether a branch shows nothing in these scopes and never did. A moment later it may; a commit of {@link FirstRows} looks again
   * behind the lock. **Errors**: `BranchNotFound`.
   */
  async isEmpty(
    tx: SqlTransaction,
    input: { table: VersionedTable; branch: string; scopes: readonly number[] },
  ): Promise<boolean> {
    const lineage = lineageAt(await this.line(input.branch), NOW);
    return (await tx.runOne(hasNoVersions(input.table, lineage, input.scopes)))[0] === true;
  }

  private async write(
    tx: SqlTransaction,
    input: { table: VersionedTable; draft: RevisionDraft; line: Line; proposals: Proposals | FirstRows },
  ): Promise<CommitReport> {
    const { table, draft, line, proposals } = input;
    const head = Number((await tx.runOne(headRevision()))[0]);
    const id = head + 1;
    await tx.run(insertRevision({ id, branchId: line.id, draft }));
    const [fresh] = await tx.runOne(hasNoVersions(table, lineageAt(line, NOW), proposals.scopes));
    const place = { branchId: line.id, revision: id };
    const counts =
      fresh === true
        ? await writeAll(tx, { table, proposals, ...place })
        : await writeChanges(tx, { table, proposals: comparable(proposals), line, ...place });
    await tx.run(takeFinishLock());
    await tx.run(finishRevision({ id, ...counts }));
    const changed = counts.inserted + counts.corrected + counts.withdrawn;
    if (changed === 0 || draft.dryRun) {
      tx.rollback();
      return { revision: null, head, ...counts };
    }
    return { revision: id, head: id, ...counts };
  }

  private async resolve(asOf: AsOf): Promise<number> {
    if ('revision' in asOf) {
      if (asOf.revision < 1) throw new AsOfBeforeFirst(String(asOf.revision));
      return asOf.revision;
    }
    const [head, revision, isFuture] = await this.sql.transaction(async (tx) => {
      await tx.run(waitForFinish());
      return tx.runOne(revisionAtInstant(asOf.instant));
    });
    if (isFuture === true) throw new AsOfInFuture(asOf.instant, Number(head));
    if (Number(revision) === 0) throw new AsOfBeforeFirst(asOf.instant);
    return Number(revision);
  }

  private async line(name: string): Promise<Line> {
    const known = this.lines.get(name);
    if (known !== undefined) return known;
    const rows = await this.sql.read(branchLineage(name));
    const [own, ...parents] = rows;
    if (own === undefined) throw new BranchNotFound(name);
    const line: Line = {
      name,
      id: Number(own[0]),
      // A parent is seen as it stood when its child was forked off it: the fork revision stands in the child's row.
      ancestors: parents.map((parent, index) => ({
        branchId: Number(parent[0]),
        revision: Number(rows[index]?.[3]),
      })),
    };
    this.lines.set(name, line);
    return line;
  }
}

type Counts = Pick<CommitReport, 'inserted' | 'corrected' | 'withdrawn' | 'unchanged'>;

interface WriteStep<T extends Proposals | FirstRows> extends CommitPlace {
  readonly table: VersionedTable;
  readonly proposals: T;
}

/** First rows cannot be compared: their maker holds them. **Errors**: `ScopesNotEmpty`. */
function comparable(proposals: Proposals | FirstRows): Proposals {
  if ('write' in proposals) throw new ScopesNotEmpty();
  return proposals;
}

/** Writes where nothing was stored before. A withdrawal proposes to an existing key, so there is none here. */
async function writeAll(tx: SqlTransaction, step: WriteStep<Proposals | FirstRows>): Promise<Counts> {
  const { proposals } = step;
  const inserted =
    'write' in proposals
      ? await proposals.write(tx, step)
      : await tx.count(insertProposals({ ...step, proposals }));
  if (inserted > 0) await tx.run(noteAllTouched({ ...step, scopes: step.proposals.scopes }));
  return { inserted, corrected: 0, withdrawn: 0, unchanged: 0 };
}

/** Writes what differs from what the branch shows. */
async function writeChanges(
  tx: SqlTransaction,
  step: WriteStep<Proposals> & { readonly line: Line },
): Promise<Counts> {
  const { table, branchId, revision, line, proposals } = step;
  await tx.run(createChanges(table));
  const collect = collectChanges({ table, lineage: lineageAt(line, NOW), proposals });
  const proposed = Number((await tx.runOne(collect))[0]);
  const counts = await tx.runOne(countChanges(table));
  const [inserted = 0, corrected = 0, withdrawn = 0, closing = 0] = counts.map(Number);
  const changed = inserted + corrected + withdrawn;
  if (changed > 0) {
    if (closing > 0) await tx.run(closeVersions(table, revision));
    await tx.run(insertVersions(table, branchId, revision));
    await tx.run(noteTouched(table, revision));
  }
  return { inserted, corrected, withdrawn, unchanged: proposed - changed };
}

/** A branch read as of a revision before its fork shows its ancestors as of that revision, and nothing of its own. */
function lineageAt(line: Line, revision: number): readonly LineageSegment[] {
  let cap = revision;
  return [
    { branchId: line.id, revision },
    ...line.ancestors.map((segment) => {
      cap = Math.min(cap, segment.revision);
      return { branchId: segment.branchId, revision: cap };
    }),
  ];
}
