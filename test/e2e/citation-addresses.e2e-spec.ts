import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeConversation, tryAppend } from '../factories/conversations.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let t: TestApp;
let api: ApiClient;
let id: string;
beforeAll(async () => {
  t = await startTestApp();
  api = (await t.signedIn('USER')).api;
  ({ id } = await makeConversation(api));
});
afterAll(() => t.close());

const cite = (url: string): Promise<ApiAnswer> =>
  tryAppend(api, id, { content: 'from \u202Eright\u202C to left', citations: [{ type: 'url', url }] });
const sign = (code: number): string => String.fromCodePoint(code);
const DIRECTIONS = [
  0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069,
];

describe('the address of a citation', () => {
  it.each([
    'https://example.com/a@b?c=d@e#f@g',
    'https://example.com:8443/%E2%80%AE',
    'http://[2001:db8::1]/',
    'https://bücher.example/größe',
    'https://example.com/עברית',
  ])('is kept as it is, and so are signs of direction in the message: %s', async (url) => {
    const answer = await cite(url);
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({
      content: 'from \u202Eright\u202C to left',
      citations: [{ type: 'url', url }],
    });
  });

  it.each([
    ['a user and a password', 'https://ann:secret@example.com/'],
    ['a name that looks like a host', 'http://www.bank.example@evil.example/'],
    ['an empty name', 'https://@example.com/'],
    ['a name behind a backslash', 'https://a\\@example.com/'],
    ...DIRECTIONS.map((code) => [`U+${code.toString(16)}`, `https://example.com/${sign(code)}fdp.exe`]),
    ...[0x1, 0x7, 0x9, 0xa, 0x7f, 0x85].map((code) => [
      `U+${code.toString(16)}`,
      `https://example.com/${sign(code)}`,
    ]),
  ])('is refused with %s', async (_, url) => {
    const { status, json } = await cite(url ?? '');
    expect([status, json]).toMatchObject([
      400,
      { code: 'validation-failed', errors: [{ path: 'citations.0.url' }] },
    ]);
  });
});

describe('the time until which a conversation is kept', () => {
  it('is not before the conversation was made', async () => {
    const made = await makeConversation(api);
    const path = `/v1/conversations/${made.id}`;
    const { createdAt } = (await api.get(path)).json as { createdAt: string };
    const before = new Date(Date.parse(createdAt) - 1).toISOString();
    for (const retainUntil of [
      before,
      '1969-12-31T23:59:59Z',
      '0001-01-01T00:00:00Z',
      '1970-01-21T01:02:03Z',
    ]) {
      const { status, json } = await api.patch(path, { json: { retainUntil, title: 'changed' } });
      expect([status, json]).toMatchObject([
        400,
        { code: 'retained-before-made', errors: [{ path: 'retainUntil' }] },
      ]);
    }
    expect((await api.get(path)).json).toMatchObject({ title: made.title, retainUntil: null });
    for (const retainUntil of [createdAt, '9999-12-31T23:59:59.999Z', null]) {
      const changed = await api.patch(path, { json: { retainUntil } });
      expect([changed.status, changed.json]).toMatchObject([200, { retainUntil }]);
    }
  });
});
