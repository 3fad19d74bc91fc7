import type { ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import type { Statement } from '../../../src/database/statement.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { barPage } from '../../../src/stock-data/read/bars.queries.js';
import { BARS } from '../../../src/stock-data/bars.types.js';
import { ReadBarsService } from '../../../src/stock-data/read/read-bars.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { proposalsOf } from '../../factories/versioned-bars.js';
import type { TestApp } from '../../support/test-app.js';
import type { VersionedWorld } from './history-world.js';

const FIRST_DAY = Date.UTC(2020, 0, 1);
const MS_PER_DAY = 86_400_000;
const BATCH = 200;
let batches = 0;

const dayOf = (key: string): number => (Date.parse(key) - FIRST_DAY) / MS_PER_DAY;

/** Stocks with a daily series each, many at a time: a connection for each would take longer than its history. */
async function makeSeriesInBulk(
  owner: ConnectionSettings,
): Promise<readonly (readonly [scope: number, symbol: string])[]> {
  const prefix = `H${++batches}.`;
  return withConnection(owner, async (client) => {
    await client.query('set role stockroom_owner');
    const { rows } = await client.query<{ id: number; symbol: string }>(
      `with s as (
         insert into tracked_stocks (id, symbol)
         select gen_random_uuid(), $1 || n from generate_series(1, $2) n
         returning id, symbol
       ),
       x as (
         insert into stock_series (tracked_stock_id, "interval") select id, '1d' from s
         returning id, tracked_stock_id
       )
       select x.id, s.symbol from x join s on s.id = x.tracked_stock_id`,
      [prefix, BATCH],
    );
    return rows.map(({ id, symbol }) => [id, symbol] as const);
  });
}

/** The closes as PostgreSQL wrote them: a binary float would hide a digit. */
function closesIn(text: string): string {
  return [...text.matchAll(/"date":"([^"]+)".*?"close":([^,]+)/g)]
    .map(([, date = '', close]) => `${dayOf(date)}=${close}`)
    .join(' ');
}

/** Bars as the service reads them. */
export function barsWorld({ app, db }: TestApp): VersionedWorld {
  const bars = app.get(ReadBarsService);
  const sql = app.get(SqlService);
  const versioning = app.get(VersioningService);
  const symbols = new Map<number, string>();
  const free: (readonly [scope: number, symbol: string])[] = [];
  const wholeRange = async (
    seriesId: number,
    { branch, revision }: { branch: string; revision: number },
  ): Promise<Statement> => {
    const point = await versioning.readPoint(branch, { revision });
    const range = { from: null, to: null, order: 'asc', limit: 100 } as const;
    return barPage({ ...range, seriesId, interval: '1d', point }, 'json');
  };
  return {
    table: BARS,
    async newScope() {
      if (free.length === 0) free.push(...(await makeSeriesInBulk(db.owner)));
      const [scope, symbol] = free.pop() ?? [0, ''];
      symbols.set(scope, symbol);
      return scope;
    },
    proposals: proposalsOf,
    dayOf,
    async read(scope, { branch, revision }) {
      const isNow = revision === Number.MAX_SAFE_INTEGER;
      const { body } = await bars.page(
        {
          ...{ symbol: symbols.get(scope) ?? '', interval: '1d', branch, order: 'asc', from: null, to: null },
          asOf: isNow ? undefined : { revision },
        },
        100,
        undefined,
      );
      const shown = closesIn(body);
      // The page may come from memory; what is stored must say the same.
      const stored = closesIn(
        String((await sql.readOne(await wholeRange(scope, { branch, revision })))?.[1]),
      );
      if (shown !== stored) throw new Error(`the page shows ${shown}, stored is ${stored}`);
      return shown;
    },
  };
}
