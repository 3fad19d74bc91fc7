import type { Client } from 'pg';
import { runStatement } from '../direct-connection.js';
import type { Row } from '../statement.js';
import {
  bloatedIndexes,
  bloatedTables,
  countedSince,
  duplicateIndexes,
  invalidIndexes,
  scannedTables,
  unestimatedIndexes,
  unindexedForeignKeys,
  unusedIndexes,
} from './index-report.queries.js';

/** From where on something is worth a line. */
export interface IndexLimits {
  /** Of tables that are read from end to end, and of dead rows. */
  readonly minRows: number;
  /** **Units**: bytes of an index. */
  readonly minBytes: number;
}

/** Why nothing can be said of the bloat of an index. */
export type Unestimated = 'kind' | 'expression' | 'grant' | 'row-security' | 'statistics';

/** What could be better about indexes and tables. **Units**: bytes; counts since `since`, null for ever. */
export interface IndexReport {
  readonly since: string | null;
  readonly invalid: readonly { readonly table: string; readonly index: string; readonly bytes: number }[];
  readonly unused: readonly { readonly table: string; readonly index: string; readonly bytes: number }[];
  readonly duplicate: readonly {
    readonly table: string;
    readonly index: string;
    readonly coveredBy: string;
    readonly bytes: number;
  }[];
  readonly scanned: readonly {
    readonly table: string;
    readonly rows: number;
    readonly scans: number;
    readonly rowsRead: number;
    readonly indexScans: number;
  }[];
  readonly foreignKeys: readonly { readonly table: string; readonly key: string; readonly columns: string }[];
  readonly deadRows: readonly {
    readonly table: string;
    readonly live: number;
    readonly dead: number;
    readonly vacuumedAt: string | null;
  }[];
  readonly bloated: readonly {
    readonly table: string;
    readonly index: string;
    readonly bytes: number;
    readonly neededBytes: number;
  }[];
  readonly unestimated: readonly {
    readonly table: string;
    readonly indexes: readonly string[];
    readonly reason: Unestimated;
  }[];
}

/** Looks through the catalogue and the server's counts. Needs no right but to connect. **Errors**: the driver's. */
export async function readIndexReport(client: Client, limits: IndexLimits): Promise<IndexReport> {
  const [counted] = await runStatement(client, countedSince());
  const invalid = await runStatement(client, invalidIndexes());
  const unused = await runStatement(client, unusedIndexes());
  const duplicate = await runStatement(client, duplicateIndexes());
  const scanned = await runStatement(client, scannedTables(limits.minRows));
  const keys = await runStatement(client, unindexedForeignKeys());
  const dead = await runStatement(client, bloatedTables(limits.minRows));
  const bloated = await runStatement(client, bloatedIndexes(limits.minBytes));
  const unestimated = await runStatement(client, unestimatedIndexes(limits.minBytes));
  return {
    since: (counted?.[0] ?? null) as string | null,
    invalid: invalid.map(sizedIndex),
    unused: unused.map(sizedIndex),
    duplicate: duplicate.map(([table, index, other, bytes]) => ({
      ...{ table: String(table), index: String(index), coveredBy: String(other), bytes: Number(bytes) },
    })),
    scanned: scanned.map(([table, rows, scans, rowsRead, indexScans]) => ({
      ...{ table: String(table), rows: Number(rows), scans: Number(scans) },
      ...{ rowsRead: Number(rowsRead), indexScans: Number(indexScans) },
    })),
    foreignKeys: keys.map(([table, key, columns]) => ({
      ...{ table: String(table), key: String(key), columns: String(columns) },
    })),
    deadRows: dead.map(([table, live, gone, vacuumedAt]) => ({
      ...{ table: String(table), live: Number(live), dead: Number(gone) },
      vacuumedAt: vacuumedAt as string | null,
    })),
    bloated: bloated.map(([table, index, bytes, needed]) => ({
      ...{ table: String(table), index: String(index), bytes: Number(bytes), neededBytes: Number(needed) },
    })),
    unestimated: unestimated.map(([table, indexes, reason]) => ({
      ...{ table: String(table), indexes: indexes as readonly string[], reason: reason as Unestimated },
    })),
  };
}

function sizedIndex([table, index, bytes]: Row): IndexReport['unused'][number] {
  return { table: String(table), index: String(index), bytes: Number(bytes) };
}
