import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAILY_CSV } from '../factories/price-files.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import type { ApiClient } from '../support/api-client.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const IDLE_MS = 3_000;

describe('an upload that is slow', () => {
  let service: TestApp;
  let api: ApiClient;

  beforeAll(async () => {
    service = await startTestApp({ imports: { idleTimeoutMs: IDLE_MS }, pool: { max: 3 } });
    ({ api } = service);
  });
  afterAll(() => service.close());

  const closes = async (symbol: string): Promise<number[]> => {
    const { json } = await api.get(`/v1/stocks/${symbol}/data`, { query: { order: 'asc' } });
    return (json as { data: { close: number }[] }).data.map(({ close }) => close);
  };

  const busyConnections = async (): Promise<number> => {
    const { pool } = (await api.get('/health')).json as { pool: { size: number; idle: number } };
    return pool.size - pool.idle;
  };

  const spoolIsEmpty = async (): Promise<void> => {
    while (readdirSync(service.spoolDir).length > 0) await sleep(20);
  };

  const open = (symbol: string): ClientRequest =>
    httpRequest(`${service.url}/v1/stocks/${symbol}/data`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', ...api.headers },
    });

  it('arrives a few bytes at a time and is whole in the end', async () => {
    const symbol = await trackStock(api);
    const upload = open(symbol);
    for (let at = 0; at < DAILY_CSV.length; at += 7) {
      upload.write(DAILY_CSV.slice(at, at + 7));
      await sleep(10);
    }
    upload.end();
    const [reply] = (await once(upload, 'response')) as [IncomingMessage];
    expect(reply.statusCode).toBe(200);
    reply.resume();
    expect(await closes(symbol)).toEqual([105, 102.5, 107]);
  });

  it('holds no connection while it stalls, however many do, and ends in 408 each', async () => {
    const symbol = await trackStock(api);
    const uploads = Array.from({ length: 12 }, () => open(symbol));
    const replies = uploads.map((upload) => once(upload, 'response') as Promise<[IncomingMessage]>);
    for (const upload of uploads) upload.write(DAILY_CSV.slice(0, 60));
    let ended = false;
    for (const reply of replies) void reply.then(() => (ended = true));
    // The pool has three connections; a dozen stalled uploads would hold all of them until they end.
    let busy = Infinity;
    while (busy > 1 && !ended) {
      await sleep(20);
      busy = await busyConnections();
    }
    expect([busy <= 1, ended]).toEqual([true, false]);
    expect((await importCsv(api, await trackStock(api), DAILY_CSV)).json).toMatchObject({ inserted: 3 });
    for (const [reply] of await Promise.all(replies)) {
      reply.setEncoding('utf8');
      expect(reply.statusCode).toBe(408);
      expect(reply.headers.connection).toBe('close');
      expect(JSON.parse((await reply.toArray()).join(''))).toMatchObject({ code: 'upload-stalled' });
    }
    for (const upload of uploads) upload.destroy();
    expect(await closes(symbol)).toEqual([]);
    expect(readdirSync(service.spoolDir)).toEqual([]);
  });

  it('is cut off half-way and stores nothing', async () => {
    const symbol = await trackStock(api);
    const before = await storedRows(service.db.superuser);
    for (let n = 0; n < 5; n++) {
      const upload = open(symbol);
      upload.on('error', () => undefined);
      upload.write(DAILY_CSV.slice(0, 100));
      await sleep(20);
      upload.destroy();
    }
    await spoolIsEmpty();
    expect(await storedRows(service.db.superuser)).toEqual(before);
    expect((await importCsv(api, symbol, DAILY_CSV)).json).toMatchObject({ inserted: 3 });
  });
});
