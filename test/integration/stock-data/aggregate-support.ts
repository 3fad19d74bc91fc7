import { withConnection } from '../../../src/database/direct-connection.js';
import type { ConnectionSettings } from '../../../src/config/settings.js';
import type { Interval } from '../../../src/bars/bar.types.js';
import { BARS } from '../../../src/stock-data/bars.types.js';
import type { VersioningService } from '../../../src/versioning/versioning.service.js';
import type { CommitReport } from '../../../src/versioning/versioning.types.js';
import { parseNumbersAsText } from '../../support/api-client.js';
import type { ModelBar } from './aggregate-model.js';

/** A bar of a test, or the time at which one is withdrawn. */
export type BarStep = ModelBar | { readonly at: string; readonly close: null };

/** Commits bars of one series as one revision. */
export async function commitBars(
  versioning: VersioningService,
  input: { readonly seriesId: number; readonly branch: string; readonly bars: readonly BarStep[] },
): Promise<CommitReport> {
  const { seriesId, branch, bars } = input;
  const draft = {
    branch,
    kind: 'import',
    source: 'test',
    message: null,
    authorId: null,
    dryRun: false,
  } as const;
  return versioning.commit(BARS, draft, {
    stage: async () => ({
      relation: `
        select $1::int as series_id, (c.bar->>'at')::timestamptz as ts, c.bar->>'close' is null as withdrawn,
          (c.bar->>'open')::numeric as "open", (c.bar->>'high')::numeric as high, (c.bar->>'low')::numeric as low,
          (c.bar->>'close')::numeric as "close", (c.bar->>'adjClose')::numeric as adj_close,
          (c.bar->>'volume')::bigint as volume
        from jsonb_array_elements($2::jsonb) as c(bar)`,
      scopes: [seriesId],
      values: [seriesId, JSON.stringify(bars.map((bar) => ({ ...bar, at: instantOf(bar.at) })))],
    }),
  });
}

function instantOf(at: string): string {
  return at.includes('T') ? at : `${at}T00:00:00Z`;
}

/** A stock with an empty series of one interval, made as the owner. **Shape**: the number of the series. */
export async function makeSeriesOf(
  owner: ConnectionSettings,
  symbol: string,
  interval: Interval,
): Promise<number> {
  return withConnection(owner, async (client) => {
    await client.query('set role stockroom_owner');
    await client.query(
      `insert into tracked_stocks (id, symbol) values (gen_random_uuid(), $1) on conflict (symbol) do nothing`,
      [symbol],
    );
    const { rows } = await client.query<{ id: number }>(
      `insert into stock_series (tracked_stock_id, "interval") select id, $2 from tracked_stocks where symbol = $1 returning id`,
      [symbol, interval],
    );
    return rows[0]?.id ?? 0;
  });
}

/** A page as the service sends it, with every number as its own text. */
export interface ShownPage {
  readonly revision: string;
  readonly computedFrom?: string;
  readonly data: readonly ModelBar[];
  readonly nextCursor: string | null;
}

/** The body of a page, read so that no digit is lost. */
export function shownPage(body: string): ShownPage {
  const page = parseNumbersAsText(body) as Omit<ShownPage, 'data'> & {
    readonly data: readonly (Omit<ModelBar, 'at'> & { readonly date?: string; readonly ts?: string })[];
  };
  return { ...page, data: page.data.map(({ date, ts, ...values }) => ({ at: date ?? ts ?? '', ...values })) };
}
