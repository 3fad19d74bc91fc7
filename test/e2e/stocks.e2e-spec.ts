import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../src/database/direct-connection.js';
import { freshSymbol, trackStock } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('stocks over HTTP', () => {
  let service: TestApp;
  let api: ApiClient;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
  });
  afterAll(() => service.close());

  describe('one stock', () => {
    it('is created with everything that is said of it, and says where it is', async () => {
      const answer = await api.post('/v1/stocks', {
        json: { symbol: ' brk.b ', name: ' Berkshire ', exchange: 'NYSE', currency: 'usd' },
      });
      expect(answer.status).toBe(201);
      expect(answer.headers.get('location')).toBe('/v1/stocks/BRK.B');
      expect(answer.headers.get('etag')).toBe('"1"');
      expect(answer.json).toMatchObject({
        symbol: 'BRK.B',
        name: 'Berkshire',
        exchange: 'NYSE',
        currency: 'USD',
        isActive: true,
        lastPullDate: null,
      });
      const read = await api.get('/v1/stocks/brk.b');
      expect(read.json).toEqual(answer.json);
    });

    it('is changed while its first import runs, and no two changes at once', async () => {
      const symbol = await trackStock(api);
      await withConnection(service.db.owner, async (client) => {
        await client.query('begin');
        await client.query(
          `insert into stock_series (tracked_stock_id, interval)
           select s.id, '1d' from tracked_stocks s where s.symbol = $1`,
          [symbol],
        );
        const changed = await api.patch(`/v1/stocks/${symbol}`, { json: { name: 'Meanwhile' } });
        expect(changed.status).toBe(200);
        await client.query('rollback');
      });
      const etag = (await api.get(`/v1/stocks/${symbol}`)).headers.get('etag') ?? '';
      const both = await Promise.all(
        ['One', 'Two'].map((name) =>
          api.patch(`/v1/stocks/${symbol}`, { headers: { 'if-match': etag }, json: { name } }),
        ),
      );
      expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 412]);
    });

    it('is a conflict when its symbol is taken, in any case, also by an inactive one', async () => {
      const symbol = await trackStock(api);
      await api.delete(`/v1/stocks/${symbol}`);
      const again = await api.post('/v1/stocks', { json: { symbol: symbol.toLowerCase() } });
      expect(again.status).toBe(409);
      expect(again.json).toMatchObject({ code: 'symbol-taken' });
    });

    it('is created once by twenty who ask at the same time', async () => {
      const symbol = freshSymbol();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => api.post('/v1/stocks', { json: { symbol } })),
      );
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
        201,
        ...Array<number>(19).fill(409),
      ]);
    });

    it('is not found when nobody tracks it', async () => {
      for (const answer of [
        await api.get('/v1/stocks/NONE'),
        await api.patch('/v1/stocks/NONE', { json: { name: 'x' } }),
        await api.delete('/v1/stocks/NONE'),
        await api.get('/v1/stocks/NONE/data'),
      ]) {
        expect(answer.status).toBe(404);
        expect(answer.json).toMatchObject({ code: 'stock-not-found', title: 'Not Found' });
      }
    });

    it('changes what is named, clears what is null and keeps the rest', async () => {
      const symbol = freshSymbol();
      await api.post('/v1/stocks', { json: { symbol, name: 'Old', exchange: 'X', currency: 'EUR' } });
      const changed = await api.patch(`/v1/stocks/${symbol}`, { json: { name: 'New', exchange: null } });
      expect(changed.json).toMatchObject({ symbol, name: 'New', exchange: null, currency: 'EUR' });
      expect(changed.headers.get('etag')).toBe('"2"');
    });

    it('stays as it was, with its ETag, when a change says nothing new', async () => {
      const symbol = freshSymbol();
      await api.post('/v1/stocks', { json: { symbol, name: 'Same' } });
      const changed = await api.patch(`/v1/stocks/${symbol}`, { json: { name: 'Same' } });
      expect(changed.headers.get('etag')).toBe('"1"');
    });

    it('is inactive after a delete, which may be repeated, and may come back', async () => {
      const symbol = await trackStock(api);
      expect((await api.delete(`/v1/stocks/${symbol}`)).status).toBe(204);
      expect((await api.delete(`/v1/stocks/${symbol}`)).status).toBe(204);
      expect((await api.get(`/v1/stocks/${symbol}`)).json).toMatchObject({ isActive: false });
      const back = await api.patch(`/v1/stocks/${symbol}`, { json: { isActive: true } });
      expect(back.json).toMatchObject({ isActive: true });
    });
  });

  describe('ETags', () => {
    it('answer 304 without a body while nothing changed, and the new state afterwards', async () => {
      const symbol = await trackStock(api);
      const etag = (await api.get(`/v1/stocks/${symbol}`)).headers.get('etag') ?? '';
      for (const header of [etag, `W/${etag}`, `"0", ${etag}`, '*']) {
        const same = await api.get(`/v1/stocks/${symbol}`, { headers: { 'if-none-match': header } });
        expect([header, same.status, same.text]).toEqual([header, 304, '']);
        expect(same.headers.get('etag')).toBe(etag);
      }
      await api.patch(`/v1/stocks/${symbol}`, { json: { name: 'n' } });
      const changed = await api.get(`/v1/stocks/${symbol}`, { headers: { 'if-none-match': etag } });
      expect(changed.status).toBe(200);
    });

    it('let exactly one of forty parallel changes with the same If-Match through', async () => {
      const symbol = await trackStock(api);
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          api.patch(`/v1/stocks/${symbol}`, { json: { name: `n${n}` }, headers: { 'if-match': '"1"' } }),
        ),
      );
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 412)).toHaveLength(39);
      expect((await api.get(`/v1/stocks/${symbol}`)).json).toEqual(won[0]?.json);
    });

    it('refuse a stale change and a stale delete, and compare strongly', async () => {
      const symbol = await trackStock(api);
      await api.patch(`/v1/stocks/${symbol}`, { json: { name: 'n' } });
      for (const stale of ['"1"', 'W/"2"', '"x"']) {
        const headers = { 'if-match': stale };
        const patch = await api.patch(`/v1/stocks/${symbol}`, { json: { name: 'm' }, headers });
        const gone = await api.delete(`/v1/stocks/${symbol}`, { headers });
        expect([stale, patch.status, gone.status]).toEqual([stale, 412, 412]);
        expect(patch.json).toMatchObject({ code: 'stale-resource' });
      }
      expect((await api.delete(`/v1/stocks/${symbol}`, { headers: { 'if-match': '"2"' } })).status).toBe(204);
    });
  });
});

describe('the list of stocks', () => {
  let service: TestApp;
  let api: ApiClient;
  const symbols = Array.from({ length: 25 }, (_, n) => `S${String(n).padStart(2, '0')}`);

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
    for (const symbol of symbols)
      await api.post('/v1/stocks', { json: { symbol, name: `Name of ${symbol}` } });
    await api.delete('/v1/stocks/S07');
  });
  afterAll(() => service.close());

  const shown = (answer: ApiAnswer): string[] =>
    (answer.json as { data: { symbol: string }[] }).data.map(({ symbol }) => symbol);
  const cursorOf = (answer: ApiAnswer): string => (answer.json as { nextCursor: string }).nextCursor;

  it('has every stock once and in order, whatever the page size, by cursor and by Link', async () => {
    for (const limit of ['1', '7', '25', '500']) {
      const all: string[] = [];
      let path: string | null = `/v1/stocks?limit=${limit}`;
      while (path !== null) {
        const answer = await api.get(path);
        all.push(...shown(answer));
        const link = answer.headers.get('link');
        const next = /^<([^>]+)>; rel="?next"?$/.exec(link ?? '')?.[1] ?? null;
        expect(link === null).toBe(cursorOf(answer) === null);
        if (next !== null) expect(new URL(next, api.url).searchParams.get('cursor')).toBe(cursorOf(answer));
        path = next;
      }
      expect(all).toEqual(symbols);
    }
  });

  it('is limited by activity and by a part of symbol or name, whatever the case', async () => {
    expect(shown(await api.get('/v1/stocks?active=false'))).toEqual(['S07']);
    expect(shown(await api.get('/v1/stocks?active=true'))).toHaveLength(24);
    expect(shown(await api.get('/v1/stocks?q=s1'))).toHaveLength(10);
    expect(shown(await api.get('/v1/stocks', { query: { q: 'NAME OF s24' } }))).toEqual(['S24']);
    expect(shown(await api.get('/v1/stocks', { query: { q: '%' } }))).toEqual([]);
  });

  it('refuses a cursor that was changed anywhere, cut or made up', async () => {
    const cursor = cursorOf(await api.get('/v1/stocks?limit=3'));
    const changed = [...cursor].map(
      (letter, at) => cursor.slice(0, at) + (letter === 'A' ? 'B' : 'A') + cursor.slice(at + 1),
    );
    for (const bad of [
      ...changed,
      cursor.slice(0, -1),
      `${cursor}A`,
      'x',
      '....',
      'null',
      'a'.repeat(2_000),
    ]) {
      const answer = await api.get('/v1/stocks', { query: { limit: 3, cursor: bad } });
      expect([bad, answer.status]).toEqual([bad, 400]);
      expect(answer.json).toMatchObject({ code: 'invalid-cursor' });
    }
  });

  it('refuses a cursor of another query, and takes it with another page size', async () => {
    const cursor = cursorOf(await api.get('/v1/stocks?limit=3&active=true'));
    for (const rest of ['', '&active=false', '&active=true&q=s']) {
      expect((await api.get(`/v1/stocks?cursor=${cursor}${rest}`)).json).toMatchObject({
        code: 'invalid-cursor',
      });
    }
    const revisions = await api.get('/v1/revisions', { query: { cursor } });
    expect(revisions.json).toMatchObject({ status: 400, code: 'invalid-cursor' });
    const more = await api.get('/v1/stocks', { query: { cursor, active: 'true', limit: 2 } });
    expect(shown(more)).toEqual(['S03', 'S04']);
  });
});
