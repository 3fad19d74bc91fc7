import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  allMessages,
  append,
  fork,
  makeConversation,
  newMessage,
  tryAppend,
  type ShownConversation,
  type ShownMessage,
} from '../factories/conversations.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
  api = (await app.signedIn('USER')).api;
});
afterAll(() => app.close());

const codeOf = ({ status, json }: ApiAnswer): unknown => [status, (json as { code?: string }).code];
const appendRaw = (id: string, body: string | Uint8Array<ArrayBuffer>): Promise<ApiAnswer> =>
  api.post(`/v1/conversations/${id}/messages`, { body, type: 'application/json' });

describe('a message', () => {
  it('gets the next number, and comes back as it was sent', async () => {
    const { id } = await makeConversation(api);
    const sent = { role: 'assistant', content: '  At 101.24.\n', metadata: { tokens: 12, cost: 0.1 } };
    const first = await tryAppend(api, id, sent);
    expect(first.status).toBe(201);
    expect(first.headers.get('etag')).toBe('"1"');
    const { id: messageId } = first.json as ShownMessage;
    expect(first.json).toMatchObject({
      ...sent,
      conversationId: id,
      seq: 1,
      citations: [],
      redactedAt: null,
    });
    expect((await tryAppend(api, id)).json).toMatchObject({ seq: 2, metadata: null, inherited: false });
    const location = first.headers.get('location');
    expect(location).toBe(`/v1/conversations/${id}/messages/${messageId}`);
    expect((await api.get(location ?? '')).json).toEqual(first.json);
  });

  it.each([
    ['right-to-left marks', '\u202Eabc\u202C \u200F'],
    ['an emoji of several parts', '👩‍👩‍👧‍👦 e\u0301'],
    ['control characters, quotes and percent signs', '\u0001\t"\\ %s %1$s \u2028'],
    ['blanks only', ' \n '],
    ['64 KiB', 'x'.repeat(64 * 1024)],
    ['64 KiB of characters of four bytes', '😀'.repeat(16 * 1024)],
  ])('keeps %s', async (_, content) => {
    const { id } = await makeConversation(api);
    expect((await append(api, id, { content })).content).toBe(content);
    expect(await allMessages(api, id)).toMatchObject([{ content }]);
  });

  it.each([
    ['nothing', '{"role":"user","content":""}', 400, 'validation-failed'],
    [
      '64 KiB and a byte',
      JSON.stringify(newMessage({ content: `${'x'.repeat(65_536)}y` })),
      400,
      'validation-failed',
    ],
    [
      '64 KiB and a byte of UTF-8',
      JSON.stringify(newMessage({ content: `${'ä'.repeat(32_768)}y` })),
      400,
      'validation-failed',
    ],
    ['U+0000', '{"role":"user","content":"a\\u0000"}', 400, 'unstorable-text'],
    ['half a surrogate pair', '{"role":"user","content":"\\udc00"}', 400, 'unstorable-text'],
    ['another role', '{"role":"admin","content":"a"}', 400, 'validation-failed'],
    ['metadata that is a list', '{"role":"user","content":"a","metadata":[1]}', 400, 'validation-failed'],
    ['citations that are no list', '{"role":"user","content":"a","citations":{}}', 400, 'validation-failed'],
    ['a number of its own', '{"role":"user","content":"a","seq":1}', 400, 'validation-failed'],
    [
      '51 citations',
      JSON.stringify(newMessage({ citations: Array(51).fill({ type: 'url', url: 'https://example.com' }) })),
      400,
      'validation-failed',
    ],
    [
      'a body of two megabytes',
      JSON.stringify(newMessage({ content: 'x'.repeat(2_000_000) })),
      413,
      'body-too-large',
    ],
  ])('is not made of %s', async (_, body, status, code) => {
    const { id } = await makeConversation(api);
    expect(codeOf(await appendRaw(id, body))).toEqual([status, code]);
    expect(await allMessages(api, id)).toEqual([]);
  });

  it('is not made of bytes that are no UTF-8', async () => {
    const { id } = await makeConversation(api);
    const body = new Uint8Array(Buffer.from('{"role":"user","content":"\u00ff"}', 'latin1'));
    expect((await appendRaw(id, body)).status).toBe(400);
  });

  it('may have 50 citations', async () => {
    const { id } = await makeConversation(api);
    const citations = Array.from({ length: 50 }, (_, n) => ({
      type: 'url',
      url: `https://example.com/${n}`,
    }));
    expect((await append(api, id, { citations })).citations).toEqual(citations);
  });

  it('sent again is stored once and answered alike, whatever came since', async () => {
    const { id } = await makeConversation(api);
    const message = { id: randomUUID(), content: 'once', metadata: { a: 1, b: 2 } };
    const first = await tryAppend(api, id, message);
    await append(api, id, { content: 'meanwhile' });
    const again = await tryAppend(api, id, { ...message, metadata: { b: 2, a: 1 } });
    expect([again.status, again.json, again.headers.get('etag')]).toEqual([200, first.json, '"1"']);
    const stale = await api.post(`/v1/conversations/${id}/messages`, {
      json: newMessage(message),
      headers: { 'if-match': '"0"' },
    });
    expect([stale.status, stale.json]).toEqual([200, first.json]);
    expect(await allMessages(api, id)).toMatchObject([{ content: 'once' }, { content: 'meanwhile' }]);
  });

  it('under an id that stands for something else is refused alike, whosever that is', async () => {
    const [{ id }, elsewhere] = [await makeConversation(api), await makeConversation(api)];
    const stranger = (await app.signedIn('USER')).api;
    const foreign = await append(stranger, (await makeConversation(stranger)).id, { id: randomUUID() });
    const own = await append(api, elsewhere.id, { id: randomUUID() });
    const here = await append(api, id, { id: randomUUID(), content: 'here' });
    const redacted = await append(api, id, { id: randomUUID() });
    await api.delete(`/v1/conversations/${id}/messages/${redacted.id}`);
    const refused = [
      await tryAppend(api, id, { id: foreign.id }),
      await tryAppend(api, id, { id: own.id }),
      await tryAppend(api, id, { id: here.id, content: 'other' }),
      await tryAppend(api, id, { id: here.id, content: 'here', role: 'tool' }),
      await tryAppend(api, id, { id: redacted.id }),
    ].map(({ status, json }) => [status, { ...(json as object), instance: '' }]);
    expect(refused[0]).toMatchObject([409, { code: 'id-taken' }]);
    expect(refused).toEqual(Array(5).fill(refused[0]));
    expect(await allMessages(api, id)).toHaveLength(2);
  });

  it('that rests on another last message than the one there is, is refused', async () => {
    const { id } = await makeConversation(api, 2);
    const after = (etag: string): Promise<ApiAnswer> =>
      api.post(`/v1/conversations/${id}/messages`, { json: newMessage(), headers: { 'if-match': etag } });
    expect(codeOf(await after('"1"'))).toEqual([412, 'stale-resource']);
    expect(codeOf(await after('W/"2"'))).toEqual([412, 'stale-resource']);
    const answers = await Promise.all(Array.from({ length: 8 }, async () => after('"2"')));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array<number>(7).fill(412),
    ]);
    expect((await after('"3"')).headers.get('etag')).toBe('"4"');
  });

  it('does not bring back a conversation that was deleted meanwhile', async () => {
    const { id } = await makeConversation(api, 1);
    const message = { id: randomUUID() };
    await append(api, id, message);
    const [deleted, ...late] = await Promise.all([
      api.delete(`/v1/conversations/${id}`),
      ...Array.from({ length: 10 }, async () => tryAppend(api, id)),
    ]);
    expect(deleted.status).toBe(204);
    expect(late.every(({ status }) => status === 201 || status === 404)).toBe(true);
    expect((await tryAppend(api, id, message)).status).toBe(404);
    expect((await api.get(`/v1/conversations/${id}/messages`)).status).toBe(404);
  });
});

describe('the id of a message whose conversation was deleted', () => {
  it('is free again in another conversation, while that of the conversation stays taken', async () => {
    const { id } = await makeConversation(api);
    const other = await makeConversation(api);
    const message = { id: randomUUID(), content: 'said there' };
    await append(api, id, message);
    expect(codeOf(await tryAppend(api, other.id, message))).toEqual([409, 'id-taken']);
    expect((await api.delete(`/v1/conversations/${id}`)).status).toBe(204);
    expect((await tryAppend(api, id, message)).status).toBe(404);
    expect(codeOf(await api.post('/v1/conversations', { json: { id } }))).toEqual([409, 'id-taken']);
    expect((await tryAppend(api, other.id, message)).status).toBe(201);
  });

  it('stays taken as long as a fork shows the message', async () => {
    const { id } = await makeConversation(api);
    const other = await makeConversation(api);
    const message = { id: randomUUID(), content: 'said there' };
    await append(api, id, message);
    const shown = await fork(api, id, 1);
    expect((await api.delete(`/v1/conversations/${id}`)).status).toBe(204);
    expect(codeOf(await tryAppend(api, other.id, message))).toEqual([409, 'id-taken']);
    expect((await api.delete(`/v1/conversations/${shown.id}`)).status).toBe(204);
    expect((await tryAppend(api, other.id, message)).status).toBe(201);
  });
});

describe('pages of messages', () => {
  it('show each message once in both directions, whatever is added meanwhile', async () => {
    const { id } = await makeConversation(api, 11);
    const seqs = (messages: readonly ShownMessage[]): readonly number[] => messages.map(({ seq }) => seq);
    const upwards = Array.from({ length: 11 }, (_, n) => n + 1);
    expect(seqs(await allMessages(api, id))).toEqual(upwards);
    for (const limit of [1, 3, 10, 11, 12]) {
      expect(seqs(await allMessages(api, id, { order: 'asc', limit }))).toEqual(upwards);
      expect(seqs(await allMessages(api, id, { order: 'desc', limit }))).toEqual(upwards.toReversed());
    }
    const first = await api.get(`/v1/conversations/${id}/messages?order=desc&limit=4`);
    await append(api, id);
    const link = /<(.*)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    expect((await api.get(link)).json).toMatchObject({
      data: [{ seq: 7 }, { seq: 6 }, { seq: 5 }, { seq: 4 }],
    });
  });

  it('take no cursor of another conversation, order or making', async () => {
    const { id } = await makeConversation(api, 2);
    const other = await makeConversation(api, 2);
    const page = (await api.get(`/v1/conversations/${id}/messages?limit=1`)).json as { nextCursor: string };
    const cursor = page.nextCursor;
    const refused = [
      await api.get(`/v1/conversations/${other.id}/messages`, { query: { cursor } }),
      await api.get(`/v1/conversations/${id}/messages`, { query: { cursor, order: 'desc' } }),
      await api.get(`/v1/conversations/${id}/messages`, { query: { cursor: cursor.slice(1) } }),
    ];
    expect(refused.map(codeOf)).toEqual(Array(3).fill([400, 'invalid-cursor']));
    for (const query of ['limit=0', 'limit=501', 'order=up', 'page=2'])
      expect((await api.get(`/v1/conversations/${id}/messages?${query}`)).status).toBe(400);
    expect((await api.get('/v1/conversations/1/messages')).status).toBe(400);
  });
});

describe('redaction', () => {
  it('takes out what was said, and leaves that it was', async () => {
    const { id } = await makeConversation(api, 1);
    const citations = [{ type: 'document', documentId: 'secret.pdf' }];
    const said = await append(api, id, { content: 'a secret', citations, metadata: { secret: 1 } });
    await append(api, id);
    const path = `/v1/conversations/${id}/messages/${said.id}`;
    expect((await api.delete(path)).status).toBe(204);
    const [, tombstone, behind] = await allMessages(api, id);
    expect(tombstone).toMatchObject({ id: said.id, seq: 2, content: '', citations: [], metadata: null });
    expect(tombstone?.redactedAt).not.toBeNull();
    expect(behind?.seq).toBe(3);
    expect((await api.delete(path)).status).toBe(204);
    expect((await api.get(path)).json).toEqual(tombstone);
    expect((await append(api, id)).seq).toBe(4);
  });

  it('reaches no message of somebody else or of another conversation', async () => {
    const { id } = await makeConversation(api, 1);
    const elsewhere = await append(api, (await makeConversation(api)).id);
    const stranger = (await app.signedIn('USER')).api;
    const theirs: ShownConversation = await makeConversation(stranger);
    const foreign = await append(stranger, theirs.id);
    for (const messageId of [elsewhere.id, foreign.id, randomUUID()]) {
      const answer = await api.delete(`/v1/conversations/${id}/messages/${messageId}`);
      expect(codeOf(answer)).toEqual([404, 'message-not-found']);
    }
    expect((await allMessages(stranger, theirs.id))[0]?.redactedAt).toBeNull();
  });
});
