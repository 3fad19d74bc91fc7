import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stockWith } from '../factories/branches.js';
import { cite, openConversation, quote, type CitingMessage } from '../factories/citations.js';
import type { ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let admin: ApiClient;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  admin = service.api;
  api = (await service.signedIn('USER')).api;
});
afterAll(() => service.close());

describe('messages', () => {
  it('are found by what they cite, newest first, page by page, and only one’s own', async () => {
    const { symbol } = await stockWith(admin, '1', '2');
    const id = await openConversation(api);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++)
      ids.unshift(((await cite(api, id, [quote(symbol, n % 2)])).json as CitingMessage).id);
    await cite(api, id, [{ type: 'url', url: 'https://example.com/only', title: symbol }]);
    const other = (await service.signedIn('USER')).api;
    await cite(other, await openConversation(other), [quote(symbol, 0)]);
    const first = await api.get('/v1/messages', {
      query: { 'citation.symbol': symbol.toLowerCase(), limit: 2 },
    });
    const { data, nextCursor } = first.json as { data: CitingMessage[]; nextCursor: string };
    const next = await api.get('/v1/messages', {
      query: { 'citation.symbol': symbol, limit: 2, cursor: nextCursor },
    });
    const rest = next.json as { data: CitingMessage[]; nextCursor: null };
    expect([...data, ...rest.data].map((message) => message.id)).toEqual(ids);
    expect([rest.nextCursor, data[0]?.citations[0]?.status]).toEqual([null, 'current']);
    const byUrl = await api.get('/v1/messages', { query: { 'citation.url': 'https://example.com/only' } });
    expect((byUrl.json as { data: unknown[] }).data).toHaveLength(1);
  });

  it('are newest first whatever ids their client made', async () => {
    const { symbol } = await stockWith(admin, '1');
    const id = await openConversation(api);
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) {
      const message = await cite(api, id, [quote(symbol, 0)], { id: randomUUID() });
      ids.unshift((message.json as CitingMessage).id);
    }
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const query = { 'citation.symbol': symbol, limit: 4, ...(cursor === null ? {} : { cursor }) };
      const page = (await api.get('/v1/messages', { query })).json as {
        data: CitingMessage[];
        nextCursor: string | null;
      };
      found.push(...page.data.map((message) => message.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(found).toEqual(ids);
  });

  it('cannot be listed without saying what they cite', async () => {
    expect((await api.get('/v1/messages')).json).toMatchObject({ code: 'validation-failed' });
  });
});
