import type { Client } from 'pg';
import { runStatement } from '../direct-connection.js';
import { slowStatements, statisticsState, type SlowSearch } from './slow-statements.queries.js';

/** What one statement cost since counting began. **Units**: milliseconds; shares from 0 to 1. */
export interface StatementCost {
  /** Null: somebody else's, and the user may not read it. */
  readonly text: string | null;
  readonly calls: number;
  readonly totalMs: number;
  readonly meanMs: number;
  readonly rows: number;
  readonly share: number | null;
  readonly fromMemory: number | null;
}

/** **Shape**: `missing` says what keeps statements from being counted; `mayReadAll` whether those of other users can be read. */
export type SlowReport =
  | { readonly missing: 'extension' | 'module' }
  | { readonly missing: null; readonly mayReadAll: boolean; readonly statements: readonly StatementCost[] };

/** Reads which statements took the most time. **Errors**: the driver's. */
export async function readSlowStatements(
  client: Client,
  search: Omit<SlowSearch, 'schema'>,
): Promise<SlowReport> {
  const [state] = await runStatement(client, statisticsState());
  const [schema, mayReadAll, isLoaded] = state as readonly [string | null, boolean, boolean];
  if (schema === null) return { missing: 'extension' };
  if (!isLoaded) return { missing: 'module' };
  const rows = await runStatement(client, slowStatements({ ...search, schema }));
  const statements = rows.map(([text, calls, totalMs, meanMs, count, share, fromMemory]): StatementCost => ({
    text: text as string | null,
    calls: Number(calls),
    totalMs: Number(totalMs),
    meanMs: Number(meanMs),
    rows: Number(count),
    share: share as number | null,
    fromMemory: fromMemory as number | null,
  }));
  return { missing: null, mayReadAll, statements };
}
