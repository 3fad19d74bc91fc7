import type { Client } from 'pg';
import { runStatement } from '../../database/direct-connection.js';
import { retryTransaction } from '../../database/retry.js';
import { DecryptionError } from '../../encryption/encryption.errors.js';
import type { EncryptionService } from '../../encryption/encryption.service.js';
import { replaceCells, staleCells, type EncryptedTable, type Replacement } from '../rotation.queries.js';
import type { UnreadableCell } from '../keys.types.js';

/** Rows of one round trip: some ten milliseconds, during which their writers may have to wait. */
const BATCH_ROWS = 500;
/** A writer may put an old value back between two passes; after so many somebody writes with another key for good. */
const MAX_PASSES = 10;

/** What a rotation works with. */
export interface CellRotationInput {
  readonly owner: Client;
  readonly tables: readonly EncryptedTable[];
  readonly encryption: EncryptionService;
  /** Told after each batch how many cells were looked at since the last call. */
  readonly onProgress: (cells: number) => void;
}

/** **Shape**: `left` counts cells that can be read and are still not under the primary key: somebody put old values back each time. */
export interface CellRotationResult {
  readonly rotated: number;
  readonly unreadable: readonly UnreadableCell[];
  readonly left: number;
}

/**
 * Encrypts every value anew that is not under the primary key, in batches, each one statement and so one transaction. A value
 * that somebody wrote meanwhile stays, and is looked at again in another pass. Broken off anywhere, the next call goes on with
 * what is left.
 */
export async function rotateCells(input: CellRotationInput): Promise<CellRotationResult> {
  let rotated = 0;
  for (const table of input.tables) {
    for (let pass = 1; ; pass++) {
      const result = await rotateTable(input, table);
      rotated += result.rotated;
      if (result.overtaken === 0 || pass === MAX_PASSES) break;
    }
  }
  return { rotated, ...(await staleStill(input)) };
}

/** One pass over a table. **Shape**: `overtaken` counts values that changed between reading and writing. */
async function rotateTable(
  input: CellRotationInput,
  table: EncryptedTable,
): Promise<{ rotated: number; overtaken: number }> {
  const total = { rotated: 0, overtaken: 0 };
  for await (const rows of batches(input, table)) {
    for (const [index, column] of table.columns.entries()) {
      const cells = rows.flatMap(({ rowId, values }) => cellOf(rowId, values[index]));
      const replacements = cells.flatMap((cell) =>
        reencrypted(input.encryption, { ...cell, table: table.table, column }),
      );
      const written =
        replacements.length === 0
          ? 0
          : await write(input.owner, { table: table.table, column, replacements });
      total.rotated += written;
      total.overtaken += replacements.length - written;
      input.onProgress(cells.length);
    }
  }
  return total;
}

/**
 * Whether a value that can be read is under another key than the primary. **Why** one that cannot does not count: no rotation ever
 * ends what it waits for.
 */
export async function hasReadableStale(input: Omit<CellRotationInput, 'onProgress'>): Promise<boolean> {
  for (const table of input.tables) {
    for await (const rows of batches(input, table)) {
      for (const { rowId, values } of rows) {
        const found = table.columns.some((column, index) =>
          cellOf(rowId, values[index]).some(({ old }) =>
            isReadable(input.encryption, { table: table.table, column, rowId, old }),
          ),
        );
        if (found) return true;
      }
    }
  }
  return false;
}

async function write(
  owner: Client,
  { table, column, replacements }: { table: string; column: string; replacements: readonly Replacement[] },
): Promise<number> {
  const statement = replaceCells(table, column, replacements);
  return retryTransaction(async () => {
    const { rowCount } = await owner.query(statement.text, statement.values as unknown[]);
    return rowCount ?? 0;
  });
}

/** What is not under the primary key after all passes. What no key on the ring opens is left as it is. */
async function staleStill(input: CellRotationInput): Promise<Omit<CellRotationResult, 'rotated'>> {
  const unreadable: UnreadableCell[] = [];
  let left = 0;
  for (const table of input.tables) {
    for await (const rows of batches(input, table)) {
      for (const { rowId, values } of rows) {
        for (const [index, column] of table.columns.entries()) {
          const [cell] = cellOf(rowId, values[index]);
          if (cell === undefined) continue;
          const place = { table: table.table, column, rowId };
          if (isReadable(input.encryption, { ...place, old: cell.old })) left++;
          else unreadable.push(place);
        }
      }
    }
  }
  return { unreadable, left };
}

interface StaleRow {
  readonly rowId: string;
  readonly values: readonly unknown[];
}

async function* batches(
  { owner, encryption }: Pick<CellRotationInput, 'owner' | 'encryption'>,
  table: EncryptedTable,
): AsyncGenerator<readonly StaleRow[]> {
  const [keyId = ''] = encryption.keyIds;
  for (let after: string | null = null; ;) {
    const rows = await runStatement(owner, staleCells(table, { keyId, after, limit: BATCH_ROWS }));
    if (rows.length === 0) return;
    const batch = rows.map(([rowId, ...values]) => ({ rowId: String(rowId), values }));
    yield batch;
    after = batch.at(-1)?.rowId ?? null;
  }
}

function cellOf(rowId: string, value: unknown): { rowId: string; old: string }[] {
  return typeof value === 'string' ? [{ rowId, old: value }] : [];
}

function isReadable(
  encryption: EncryptionService,
  { old, ...cell }: UnreadableCell & { old: string },
): boolean {
  try {
    encryption.decrypt(cell, old);
    return true;
  } catch (error) {
    if (error instanceof DecryptionError) return false;
    throw error;
  }
}

function reencrypted(
  encryption: EncryptionService,
  { table, column, rowId, old }: { table: string; column: string; rowId: string; old: string },
): Replacement[] {
  const cell = { table, column, rowId };
  try {
    return [{ rowId, old, new: encryption.encrypt(cell, encryption.decrypt(cell, old)) }];
  } catch (error) {
    if (error instanceof DecryptionError) return [];
    throw error;
  }
}
