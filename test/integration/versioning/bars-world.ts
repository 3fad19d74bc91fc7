import type { ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { barPage, type BarPage } from '../../../src/stock-data/read/bar-page.queries.js';
import {
  partOf,
  wholePage,
  type PagePart,
  type WholePage,
} from '../../../src/stock-data/read/page-in-parts.js';
import { beginningAt } from '../../../src/stock-data/read/range.js';
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

interface Place {
  readonly branch: string;
  readonly revision: number;
}

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
  /** What is stored, read a few bars and a few versions at a time, from either end. */
  const stored = async (seriesId: number, { branch, revision }: Place): Promise<string> => {
    const point = await versioning.pointFromZero(branch, { revision });
    const order = revision % 2 === 0 ? 'asc' : 'desc';
    const limit = 1 + (revision % 5);
    const page = { from: null, to: null, order, limit, seriesId, interval: '1d', point } as const;
    const read = async (
      part: Pick<BarPage, 'scan' | 'limit'> & { start: string | null },
    ): Promise<PagePart> => {
      const row = await sql.readOne(barPage({ ...beginningAt(page, part.start), ...part }, 'json'));
      const [, text, count, last = null, cut = null] = row ?? [];
      const shown = {
        text: (text as string | null) ?? '',
        count: Number(count),
        last: last as string | null,
        cut: cut as string | null,
      };
      return partOf(shown, part.limit, 'json');
    };
    const scan = 1 + (revision % 7);
    const texts: string[] = [];
    for (let start: string | null = null, isFirst = true; isFirst || start !== null; isFirst = false) {
      const whole: WholePage = await wholePage(await read({ start, limit, scan }), {
        limit,
        scan,
        as: 'json',
        read,
      });
      texts.push(closesIn(whole.text));
      start = whole.nextStart;
    }
    const closes = texts
      .join(' ')
      .split(' ')
      .filter((text) => text !== '');
    return (order === 'asc' ? closes : closes.reverse()).join(' ');
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
      const kept = await stored(scope, { branch, revision });
      if (shown !== kept) throw new Error(`the page shows ${shown}, stored is ${kept}`);
      return shown;
    },
  };
}
