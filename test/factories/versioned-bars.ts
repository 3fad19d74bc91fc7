import type { ConnectionSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import type { SqlTransaction } from '../../src/database/sql-transaction.js';
import { BARS } from '../../src/stock-data/bars.types.js';
import type { VersioningService } from '../../src/versioning/versioning.service.js';
import type { CommitReport, Proposals } from '../../src/versioning/versioning.types.js';

/** A change of one bar: its day, counted from 2020-01-01, and its close; null withdraws it. */
export interface Change {
  readonly day: number;
  readonly close: string | null;
}

/** These changes as the rows that a commit proposes. */
export function proposalsOf(seriesId: number, changes: readonly Change[]): Proposals {
  return {
    relation: `
      select $1::int as series_id, timestamptz '2020-01-01 00:00:00+00' + make_interval(days => c.day) as ts,
        c.close is null as withdrawn, null::numeric as "open", null::numeric as high, null::numeric as low,
        c.close as "close", null::numeric as adj_close, null::bigint as volume
      from unnest($2::int[], $3::numeric[]) as c(day, close)`,
    scopes: [seriesId],
    values: [seriesId, changes.map(({ day }) => day), changes.map(({ close }) => close)],
  };
}

/** Commits changes as one revision. `before` runs in its transaction before the commit lock is taken. */
export async function commitChanges(
  versioning: VersioningService,
  input: {
    readonly seriesId: number;
    readonly changes: readonly Change[];
    readonly branch?: string;
    readonly dryRun?: boolean;
    readonly before?: (tx: SqlTransaction) => Promise<void>;
  },
): Promise<CommitReport> {
  const { seriesId, changes, branch = 'main', dryRun = false, before } = input;
  const draft = { branch, kind: 'import', source: 'test', message: null, authorId: null, dryRun } as const;
  return versioning.commit(BARS, draft, {
    stage: async (tx) => {
      await before?.(tx);
      return proposalsOf(seriesId, changes);
    },
  });
}

/** A stock with a daily series, made as the owner. **Shape**: the number of the series. */
export async function makeSeries(owner: ConnectionSettings, symbol: string): Promise<number> {
  return withConnection(owner, async (client) => {
    await client.query('set role stockroom_owner');
    const { rows } = await client.query<{ id: number }>(
      `with s as (insert into tracked_stocks (id, symbol) values (gen_random_uuid(), $1) returning id)
       insert into stock_series (tracked_stock_id, "interval") select id, '1d' from s returning id`,
      [symbol],
    );
    return rows[0]?.id ?? 0;
  });
}

/** A branch forked off its parent at a revision, made as the owner: for tests that fork where no route would. */
export async function makeBranch(
  owner: ConnectionSettings,
  branch: { readonly name: string; readonly parent: string; readonly forkRevision: number },
): Promise<void> {
  await withConnection(owner, async (client) => {
    await client.query('set role stockroom_owner');
    await client.query(
      `insert into branches (name, parent_id, fork_revision) select $1, id, $3 from branches where name = $2`,
      [branch.name, branch.parent, branch.forkRevision],
    );
  });
}
