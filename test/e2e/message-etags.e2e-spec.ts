import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { append, makeConversation } from '../factories/conversations.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let t: TestApp;
let api: ApiClient;
beforeAll(async () => {
  t = await startTestApp();
  api = (await t.signedIn('USER')).api;
});
afterAll(() => t.close());

const STRONG = /^"[\w-]{22,}"$/;
const etagOf = (answer: ApiAnswer): string => answer.headers.get('etag') ?? '';

async function stored(): Promise<{ route: string; conversation: string }> {
  const { id } = await makeConversation(api);
  const message = await append(api, id);
  return { route: `/v1/conversations/${id}/messages/${message.id}`, conversation: id };
}

describe('a message', () => {
  it('has a strong ETag, and is not sent again to whoever has it', async () => {
    const { route } = await stored();
    const read = await api.get(route);
    expect(etagOf(read)).toMatch(STRONG);
    expect(etagOf(await api.get(route))).toBe(etagOf(read));
    for (const known of [etagOf(read), `"other", ${etagOf(read)}`, `W/${etagOf(read)}`, '*']) {
      const unchanged = await api.get(route, { headers: { 'if-none-match': known } });
      expect([unchanged.status, unchanged.text, etagOf(unchanged)]).toEqual([304, '', etagOf(read)]);
    }
    expect((await api.get(route, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it('has another ETag when it was redacted, when its price was restated, and where it is inherited', async () => {
    const { route, conversation } = await stored();
    const before = etagOf(await api.get(route));
    const forked = await api.post(`/v1/conversations/${conversation}/forks`, { json: { atSeq: 1 } });
    const { id: fork } = forked.json as { id: string };
    expect(etagOf(await api.get(route.replace(conversation, fork)))).not.toBe(before);
    await api.delete(route);
    expect(etagOf(await api.get(route))).not.toBe(before);

    await t.api.post('/v1/stocks', { json: { symbol: 'ACME' } });
    await t.api.post('/v1/stocks/ACME/data', { type: 'text/csv', body: 'Date,Close\n2024-01-02,101.24\n' });
    const quoting = await append(api, conversation, {
      citations: [{ type: 'stock-data', symbol: 'ACME', date: '2024-01-02' }],
    });
    const path = `/v1/conversations/${conversation}/messages/${quoting.id}`;
    const quoted = etagOf(await api.get(path));
    await t.api.put('/v1/stocks/ACME/data/2024-01-02', { json: { close: 101.42, message: 'digits' } });
    const restated = await api.get(path, { headers: { 'if-none-match': quoted } });
    expect(restated.status).toBe(200);
    expect(etagOf(restated)).not.toBe(quoted);
  });

  it('is redacted only as it was read, when If-Match says so', async () => {
    const { route } = await stored();
    const read = etagOf(await api.get(route));
    for (const stale of ['"1"', '"other"', `W/${read}`]) {
      const refused = await api.delete(route, { headers: { 'if-match': stale } });
      expectRefused(refused, 412, 'stale-resource');
    }
    expect((await api.get(route)).json).toMatchObject({ redactedAt: null });
    expect((await api.delete(route, { headers: { 'if-match': read } })).status).toBe(204);
    expectRefused(await api.delete(route, { headers: { 'if-match': read } }), 412, 'stale-resource');
    expect((await api.delete(route, { headers: { 'if-match': '*' } })).status).toBe(204);
    expect((await api.delete(route)).status).toBe(204);
  });
});
