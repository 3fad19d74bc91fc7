import type { SqlTransaction } from '../../database/sql-transaction.js';
import type { DescribeConflicts } from '../branches/branch.types.js';
import { createChanges } from '../commit/commit.queries.js';
import type { LineageSegment } from '../versioning.types.js';
import {
  collectThreeWay,
  conflictKeys,
  countConflicts,
  forgetCollected,
  type ThreeWay,
} from './three-way.queries.js';
import { ChangeTooLarge, VersionConflict } from '../versioning.errors.js';

/** As many conflicts as a page of a list may have rows. */
const MAX_LISTED = 500;

/** A comparison, and how to tell its conflicts. */
export interface Compared extends ThreeWay {
  /** From where the rows themselves are read, when a side is made of them. */
  readonly rowsLineage: readonly LineageSegment[];
  readonly describe: DescribeConflicts;
  /** How many rows may change. */
  readonly maxRows: number;
}

/**
 * Collects what has to be written. **Shape**: how many rows need no change. **Errors**: `VersionConflict` with the list, when
 * conflicts are to fail; `ChangeTooLarge`.
 */
export async function collectCompared(tx: SqlTransaction, compared: Compared): Promise<number> {
  await tx.run(createChanges(compared.table));
  return compare(tx, compared);
}

/** The same once more, after {@link collectCompared} compared with what somebody changed meanwhile. */
export async function collectAgain(tx: SqlTransaction, compared: Compared): Promise<number> {
  await tx.run(forgetCollected());
  return compare(tx, compared);
}

async function compare(tx: SqlTransaction, compared: Compared): Promise<number> {
  const [unchanged, collected] = await tx.runOne(collectThreeWay(compared));
  if (compared.onConflict === 'fail') await requireNoConflict(tx, compared);
  if (Number(collected) > compared.maxRows) throw new ChangeTooLarge(Number(collected), compared.maxRows);
  return Number(unchanged);
}

async function requireNoConflict(tx: SqlTransaction, compared: Compared): Promise<void> {
  const count = Number((await tx.runOne(countConflicts()))[0]);
  if (count === 0) return;
  const rows = await tx.run(conflictKeys(compared.table, MAX_LISTED));
  const lineageOf = (side: ThreeWay['base']): readonly LineageSegment[] =>
    side === 'rows' ? compared.rowsLineage : side;
  const listed = await compared.describe(tx, {
    count,
    keys: rows.map(([scope, key]) => ({ scope: Number(scope), key: String(key) })),
    base: lineageOf(compared.base),
    ours: compared.ours,
    theirs: lineageOf(compared.theirs),
  });
  throw new VersionConflict(count, listed);
}
