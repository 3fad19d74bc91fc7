import type { SqlTransaction } from '../../database/sql-transaction.js';
import { lineageAt, NOW, type Line } from '../branches/lineage.types.js';
import {
  finishRevision,
  headRevision,
  insertRevision,
  takeFinishLock,
} from '../revisions/revisions.queries.js';
import type { CommitReport, Proposals, RevisionDraft, VersionedTable } from '../versioning.types.js';
import { collectChanges, createChanges } from './commit.queries.js';
import type { DryRunConsequences } from './dry-run-consequences.service.js';
import { hasNoVersions, insertProposals, noteAllTouched } from './first-rows.queries.js';
import { ScopesNotEmpty, type CommitPlace, type FirstRows } from './first-rows.types.js';
import { writeCollected } from './write-collected.js';

/** What a commit writes, and where. */
export interface ProposedWrite {
  readonly table: VersionedTable;
  readonly draft: RevisionDraft;
  readonly line: Line;
  readonly proposals: Proposals | FirstRows;
  readonly consequences: DryRunConsequences;
}

/** Writes what differs from what the branch shows; where it never showed anything, all there is. */
export async function writeProposed(tx: SqlTransaction, input: ProposedWrite): Promise<CommitReport> {
  const { table, draft, line, proposals, consequences } = input;
  const lineage = lineageAt(line, NOW);
  // Other kinds of commits change what was there before.
  if (!draft.dryRun && draft.kind === 'import') {
    const [fresh] = await tx.runOne(hasNoVersions(table, lineage, proposals.scopes));
    if (fresh === true) return writeFirst(tx, input);
  }
  // First rows cannot be compared: their maker holds them.
  if ('write' in proposals) throw new ScopesNotEmpty();
  await tx.run(createChanges(table));
  const [unchanged] = await tx.runOne(collectChanges({ table, lineage, proposals }));
  return writeCollected(tx, { table, draft, line, unchanged: Number(unchanged), consequences });
}

/** Writes where nothing was stored before. A withdrawal proposes to an existing key, so there is none here. */
async function writeFirst(
  tx: SqlTransaction,
  { table, draft, line, proposals }: ProposedWrite,
): Promise<CommitReport> {
  const head = Number((await tx.runOne(headRevision()))[0]);
  const place: CommitPlace = { branchId: line.id, revision: head + 1 };
  await tx.run(insertRevision({ id: place.revision, branchId: line.id, draft }));
  const inserted =
    'write' in proposals
      ? await proposals.write(tx, place)
      : await tx.count(insertProposals({ table, proposals, ...place }));
  const counts = { inserted, corrected: 0, withdrawn: 0, unchanged: 0 };
  // The transaction is rolled back.
  if (inserted === 0) return { revision: null, head, ...counts };
  await tx.run(noteAllTouched({ table, scopes: proposals.scopes, ...place }));
  await tx.run(takeFinishLock());
  await tx.run(finishRevision({ id: place.revision, ...counts }));
  return { revision: place.revision, head: place.revision, ...counts };
}
