import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../../src/database/direct-connection.js';
import { SETTINGS, type Settings } from '../../../src/config/settings.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { BARS } from '../../../src/stock-data/bars.types.js';
import { BranchesService } from '../../../src/versioning/branches/branches.service.js';
import { DryRunConsequences } from '../../../src/versioning/commit/dry-run-consequences.service.js';
import { MergeService } from '../../../src/versioning/merge/merge.service.js';
import { StoreHistory } from '../../../src/versioning/points/store-history.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { bar, csvOf, day } from '../../factories/bars.js';
import { barPath, forkBranch, mergeBranch, putClose, revisionOf } from '../../factories/branches.js';
import { importCsv, trackStock } from '../../factories/stocks.js';
import { commitChanges, makeSeries, type Change } from '../../factories/versioned-bars.js';
import { sqlWithoutLock } from '../../faults/unordered-commits.js';
import type { ApiAnswer } from '../../support/api-client.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { keysOf } from './history-world.js';
import { StoredWatch } from './stored-watch.js';

const WRITERS = 8;
const ROUNDS = 9;
const DAYS = 12;

describe('eight writers on shared symbols while readers hold revisions', () => {
  let service: TestApp;

  beforeEach(async () => {
    service = await startTestApp({ env: { DATABASE_POOL_MAX: '20' } });
  });
  afterEach(() => service.close());

  /** What a writer does, over HTTP, all on the same bars. Every value is its own. */
  function works(symbols: readonly string[]): readonly ((n: number) => Promise<readonly ApiAnswer[]>)[] {
    const { api } = service;
    const symbol = (n: number): string => symbols[n % symbols.length] ?? '';
    const closes = (n: number) => Array.from({ length: DAYS }, (_, at) => bar(day(at), `${n}.${at + 1}1`));
    return [
      async (n) => [await importCsv(api, symbol(n), csvOf(closes(n)))],
      async (n) => {
        // Half of them name the symbols the other way round: locks taken in the order of the file would meet.
        const order = n % 2 === 0 ? symbols : symbols.toReversed();
        const rows = order.flatMap((name) => closes(n).map(({ date, close }) => `${name},${date},${close}`));
        const body = `Symbol,Date,Close\n${rows.join('\n')}\n`;
        return [await api.post('/v1/stock-data', { type: 'text/csv', body })];
      },
      async (n) => [await putClose(api, { symbol: symbol(n), day: n % DAYS }, n + 0.5)],
      async (n) => [await api.delete(barPath(symbol(n), n % DAYS))],
      async (n) => {
        const branch = await forkBranch(api);
        const own = await importCsv(api, symbol(n), csvOf(closes(n)), { branch });
        return [own, await mergeBranch(api, branch, { onConflict: n % 3 === 0 ? 'fail' : 'theirs' })];
      },
      async (n) => {
        const changed = await putClose(api, { symbol: symbol(n), day: n % DAYS }, n + 0.25);
        if (changed.status !== 200) return [changed];
        return [changed, await api.post(`/v1/revisions/${revisionOf(changed)}/revert`)];
      },
      async (n) => {
        const query = { dryRun: 'true' };
        return [await importCsv(api, symbol(n), csvOf(closes(n)), query)];
      },
    ];
  }

  it('see no deadlock and no failure, and no answer for a revision ever changes', async () => {
    const { api, app, db } = service;
    const symbols = [await trackStock(api), await trackStock(api), await trackStock(api)];
    for (const symbol of symbols) await importCsv(api, symbol, csvOf([bar(day(0), '1')]));
    const sql = app.get(SqlService);
    const { rows: series } = await withConnection(db.superuser, (client) =>
      client.query<{ id: number }>('select id from stock_series'),
    );
    const watch = new StoredWatch(
      sql,
      app.get(VersioningService),
      series.map(({ id }) => id),
    );
    const kinds = works(symbols);
    const answers = await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        const own: ApiAnswer[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const n = 1 + round * WRITERS + writer;
          own.push(...((await kinds[(n * 5 + round) % kinds.length]?.(n)) ?? []));
        }
        return own;
      }),
    );
    expect(await watch.stop()).toEqual([]);
    expect(watch.reads).toBeGreaterThan(50);
    const statuses = answers.flat().map(({ status }) => status);
    // 404: the bar is withdrawn already; 409: the list of what others changed meanwhile.
    expect(statuses.filter((status) => ![200, 404, 409].includes(status))).toEqual([]);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(WRITERS * ROUNDS * 0.6);
    const { rows } = await withConnection(db.superuser, (client) =>
      client.query(
        `select (select deadlocks::int from pg_stat_database where datname = current_database()) as deadlocks,
           (select max(id) = count(*) from revisions) as gapless`,
      ),
    );
    expect(rows).toEqual([{ deadlocks: 0, gapless: true }]);
  }, 60_000);

  it('control: merges that take no turn change answers, and the same watch finds them', async () => {
    const { app, db } = service;
    await withConnection(db.superuser, (client) =>
      client.query('create sequence unordered; grant usage on sequence unordered to stockroom_app'),
    );
    const sql = sqlWithoutLock(app.get(SqlService), 'unordered');
    const history = new StoreHistory(sql);
    const versioning = new VersioningService(sql, new DryRunConsequences(), history);
    const settings = app.get<Settings>(SETTINGS);
    const merges = new MergeService(sql, versioning, new DryRunConsequences(), history, settings);
    const branches = app.get(BranchesService);
    const found: string[] = [];
    for (let round = 0; round < 20 && found.length === 0; round++) {
      const [long, short] = [
        await makeSeries(db.owner, `L${round}`),
        await makeSeries(db.owner, `S${round}`),
      ];
      const many = Array.from({ length: 9_000 }, (_, n): Change => ({ day: n, close: '1' }));
      await commitChanges(versioning, { seriesId: long, changes: many.slice(0, 1) });
      const name = `long-${round}`;
      await branches.create({ name, parent: 'main', asOf: undefined, createdBy: null });
      await commitChanges(versioning, { seriesId: long, changes: many, branch: name });
      const watch = new StoredWatch(sql, versioning, [long, short]);
      const request = { onConflict: 'theirs', message: null, authorId: null, dryRun: false } as const;
      // Some fail, because they meet: that is what the turns are for.
      await Promise.allSettled([
        merges.merge(BARS, { ...request, branch: name }, keysOf),
        ...Array.from({ length: 12 }, async (_, n) => {
          await sleep(n * 12);
          await commitChanges(versioning, { seriesId: short, changes: [{ day: n, close: `${n + 1}` }] });
        }),
      ]);
      found.push(...(await watch.stop()));
    }
    expect(found).not.toEqual([]);
  }, 60_000);
});
