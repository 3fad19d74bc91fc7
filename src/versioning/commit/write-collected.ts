import type { SqlTransaction } from '../../database/sql-transaction.js';
import {
  closeVersions,
  countChanges,
  createDryRunRows,
  endingVersions,
  joinTables,
  insertVersions,
  noteTouched,
} from './commit.queries.js';
import type { DryRunConsequences } from './dry-run-consequences.service.js';
import type { Line } from '../branches/lineage.types.js';
import {
  finishRevision,
  headRevision,
  insertRevision,
  takeFinishLock,
} from '../revisions/revisions.queries.js';
import type { CommitReport, RevisionDraft, VersionedTable } from '../versioning.types.js';

/** What a commit has collected into the table of changes. */
export interface Collected {
  readonly table: VersionedTable;
  readonly draft: RevisionDraft;
  readonly line: Line;
  /** Rows that were compared and need no change. */
  readonly unchanged: number;
  readonly consequences: DryRunConsequences;
}

/** As many changes are closed as fast by whatever the planner takes. */
const MANY = 1_000;

/**
 * Makes one revision of the collected changes. Nothing collected makes none.
 *
 * `beforeEnd` writes what belongs to the same transaction; it comes before the revision is stamped, because from then on
 * everyone who asks for an instant waits.
 */
export async function writeCollected(
  tx: SqlTransaction,
  collected: Collected,
  beforeEnd?: (report: CommitReport) => Promise<void>,
): Promise<CommitReport> {
  const { table, draft, line, unchanged } = collected;
  const [inserted = 0, corrected = 0, withdrawn = 0, closing = 0] = (
    await tx.runOne(countChanges(table))
  ).map(Number);
  const counts = { inserted, corrected, withdrawn, unchanged };
  const changed = inserted + corrected + withdrawn;
  const head = Number((await tx.runOne(headRevision()))[0]);
  const id = head + 1;
  if (draft.dryRun) {
    if (changed > 0) await tryRows(tx, { table, branchId: line.id, revision: id });
    const ending = { table, branchId: line.id, relation: endingVersions(table) };
    const consequences = await collected.consequences.of(tx, closing > 0 ? ending : null);
    return { revision: null, head, ...counts, consequences };
  }
  if (changed > 0) {
    await tx.run(insertRevision({ id, branchId: line.id, draft }));
    if (closing > 0) await close(tx, { table, revision: id, isMany: closing > MANY });
    await tx.run(insertVersions(table, line.id, id));
    await tx.run(noteTouched(table, id));
  }
  const report = changed > 0 ? { revision: id, head: id, ...counts } : { revision: null, head, ...counts };
  await beforeEnd?.(report);
  if (changed > 0) {
    await tx.run(takeFinishLock());
    await tx.run(finishRevision({ id, ...counts }));
  }
  return report;
}

/** Ends the versions that the changes replace. */
async function close(
  tx: SqlTransaction,
  { table, revision, isMany }: { table: VersionedTable; revision: number; isMany: boolean },
): Promise<void> {
  if (isMany) await tx.run(joinTables('off'));
  await tx.run(closeVersions(table, revision));
  if (isMany) await tx.run(joinTables('on'));
}

/**
 * Holds the changes against the rules of their table, in a look-alike of it. **Why** not in the table itself and back: that would
 * need the turn of everybody else, and leave dead rows.
 */
async function tryRows(
  tx: SqlTransaction,
  { table, branchId, revision }: { table: VersionedTable; branchId: number; revision: number },
): Promise<void> {
  const lookAlike = createDryRunRows(table);
  await tx.run(lookAlike.create);
  await tx.run(insertVersions({ ...table, table: lookAlike.name }, branchId, revision));
}
