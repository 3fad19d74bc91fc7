import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { bar, csvOf, day } from '../../factories/bars.js';
import { importCsv, trackStock } from '../../factories/stocks.js';
import { makeBranch } from '../../factories/versioned-bars.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { BY_SERIES, partitionBars } from './partitioned-bars.js';

describe('bars in partitions by series', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp();
    await partitionBars(service.db.owner, BY_SERIES);
  });
  afterAll(() => service.close());

  it('are imported, corrected, withdrawn, branched and read as in one table', async () => {
    const { api } = service;
    for (let n = 0; n < 6; n++) {
      const symbol = await trackStock(api);
      const path = `/v1/stocks/${symbol}/data`;
      const file = csvOf(Array.from({ length: 20 }, (_, at) => bar(day(at), String(at + 1))));
      const { json } = await importCsv(api, symbol, file);
      const { revision } = json as { revision: number };
      expect(json).toMatchObject({ inserted: 20, corrected: 0 });
      expect((await importCsv(api, symbol, file)).json).toMatchObject({ inserted: 0, unchanged: 20 });
      const changed = csvOf([bar(day(0), '50'), bar(day(30), '60')]);
      expect((await importCsv(api, symbol, changed)).json).toMatchObject({ inserted: 1, corrected: 1 });
      expect((await api.delete(`${path}/${day(1)}`)).status).toBe(200);
      const branch = `p-${symbol}`;
      await makeBranch(service.db.owner, { name: branch, parent: 'main', forkRevision: revision });
      expect((await importCsv(api, symbol, csvOf([bar(day(0), '70')]), { branch })).status).toBe(200);
      const firstOf = async (query: Readonly<Record<string, string | number>>): Promise<unknown> => {
        const answer = await api.get(path, { query: { order: 'asc', limit: 2, ...query } });
        return (answer.json as { data: readonly { close: number }[] }).data.map(({ close }) => close);
      };
      expect(await firstOf({})).toEqual([50, 3]);
      expect(await firstOf({ asOf: revision })).toEqual([1, 2]);
      expect(await firstOf({ branch })).toEqual([70, 2]);
      expect(await firstOf({ interval: '1mo' })).toEqual([60]);
    }
  });

  it('are looked for in one partition', async () => {
    const plan = await withConnection(service.db.owner, async (client) => {
      await client.query('set plan_cache_mode = force_generic_plan');
      await client.query(
        'prepare one as select * from stock_data where series_id = $1 and branch_id = 1 order by ts desc limit 100',
      );
      const { rows } = await client.query<{ 'QUERY PLAN': string }>('explain (analyze) execute one (1)');
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toContain('Subplans Removed: 15');
  });

  it('are guarded as in one table', async () => {
    await withConnection(service.db.app, async (client) => {
      const orphan = `insert into stock_data (series_id, branch_id, ts, valid_from, "close") values (999999, 1, now(), 1, 1)`;
      await expect(client.query(orphan)).rejects.toThrow('a bar needs its series');
      await expect(client.query('update stock_data set "close" = 1')).rejects.toThrow('permission denied');
      await expect(client.query('update stock_data_0 set "close" = 1')).rejects.toThrow('permission denied');
    });
  });
});
