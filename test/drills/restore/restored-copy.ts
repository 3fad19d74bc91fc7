import { join } from 'node:path';
import type { Cluster } from './cluster.js';
import { POSTGRES_BIN } from './programs.js';
import { mustStockroom, stockroom, type Store } from './store.js';

/** What `stockroom` and PostgreSQL say of a restored copy. */
export interface CopyReport {
  /** Entities, migrations and database agree. */
  readonly current: boolean;
  /** Every cell decrypts, every citation resolves, every checksum is what it was. */
  readonly whole: boolean;
  readonly verification: string;
  readonly verifyMs: number;
  /** Tables and indexes are in order, says `pg_amcheck`. */
  readonly amcheck: boolean;
  readonly sessionsLeft: number;
}

/** Ends every session of a copy, as the runbook does before the service starts. **Shape**: how many. */
export async function endSessions(store: Store): Promise<number> {
  const { ended } = JSON.parse(await mustStockroom(store, 'sessions', 'end-all', '--yes', '--json')) as {
    ended: number;
  };
  return ended;
}

/** Looks at a restored copy as the runbook does. `against` is what `db verify --json` printed of the store before. */
export async function lookAtCopy(cluster: Cluster, store: Store, against: string): Promise<CopyReport> {
  const checked = await stockroom(store, 'db', 'check');
  const startedAt = performance.now();
  const verified = await stockroom(store, 'db', 'verify', '--against', against);
  const verifyMs = Math.round(performance.now() - startedAt);
  const amcheck = await cluster.run(join(POSTGRES_BIN, 'pg_amcheck'), [
    '--install-missing',
    '-d',
    'stockroom',
  ]);
  const [sessions] = await cluster.query<{ left: number }>(
    'select count(*)::int as left from sessions where revoked_at is null and expires_at > now()',
  );
  return {
    ...{
      current: checked.status === 0,
      whole: verified.status === 0,
      verifyMs,
      amcheck: amcheck.status === 0,
    },
    verification: verified.output.trim(),
    sessionsLeft: sessions?.left ?? -1,
  };
}
