import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RequestContext } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { withConnection } from '../../src/database/direct-connection.js';
import { Stock } from '../../src/stocks/stock.entity.js';
import { StockRepository } from '../../src/stocks/stock.repository.js';
import { trackStock } from '../factories/stocks.js';
import type { ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('entities of requests', () => {
  let service: TestApp;
  let api: ApiClient;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
  });
  afterAll(() => service.close());
  afterEach(() => void jest.restoreAllMocks());

  it('are those of one request alone', async () => {
    const symbol = await trackStock(api);
    const seen: (Stock | null)[] = [];
    const find = Reflect.get<StockRepository, 'find'>(StockRepository.prototype, 'find');
    jest.spyOn(StockRepository.prototype, 'find').mockImplementation(async function (
      this: StockRepository,
      wanted,
    ) {
      // A unit of work of the whole request would hand out the same stock to each look of it.
      expect(RequestContext.getEntityManager()).toBeUndefined();
      seen.push(await find.call(this, wanted));
      return seen.at(-1) ?? null;
    });
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.get(`/v1/stocks/${symbol}`)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(new Set(seen).size).toBe(8);
  });

  it('say what the database says, not what was read before', async () => {
    const symbol = await trackStock(api);
    await api.get(`/v1/stocks/${symbol}`);
    await withConnection(service.db.owner, async (client) => {
      await client.query('update tracked_stocks set name = $2 where symbol = $1', [symbol, 'Renamed']);
    });
    expect((await api.get(`/v1/stocks/${symbol}`)).json).toMatchObject({ name: 'Renamed' });
  });

  it('take in each of two changes at once', async () => {
    const symbol = await trackStock(api);
    const change = (json: object) => api.patch(`/v1/stocks/${symbol}`, { json });
    const answers = await Promise.all([change({ name: 'One' }), change({ exchange: 'TWO' })]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await api.get(`/v1/stocks/${symbol}`)).json).toMatchObject({ name: 'One', exchange: 'TWO' });
  });

  it('are refused to whoever takes no unit of work', async () => {
    const symbol = await trackStock(api);
    await expect(service.app.get(EntityManager).findOne(Stock, { symbol })).rejects.toThrow(
      /global EntityManager/,
    );
  });
});
