import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { digestOf, type ExportDocument } from '../../src/chat-history/export/export-document.types.js';
import { isTooLarge } from '../../src/chat-history/export/export.queries.js';
import { SlowQueryLog } from '../../src/database/slow-query-log.service.js';
import { storeConversation, storeMessage } from '../factories/history-rows.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

type Json = Record<string, unknown>;

/** More digits than a binary float has. */
const LONG = '0.123456789012345678';
const LARGE = '9007199254740993';

let t: TestApp;
let id: string;

/** Fails the test when the service refuses. */
async function done(answer: Promise<ApiAnswer>): Promise<Json> {
  const { status, json, text } = await answer;
  if (status >= 300) throw new Error(text);
  return json as Json;
}

const exported = async (api: ApiClient, conversation: string): Promise<ApiAnswer> =>
  api.get(`/v1/conversations/${conversation}/export`);

/** The canonical form by nothing but the rules: members in order, no blank. Enough where every number is a small integer. */
function plainDigest({ digest: _, ...content }: Json): string {
  const ordered = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(ordered);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.keys(value)
        .toSorted()
        .map((key) => [key, ordered((value as Json)[key])]),
    );
  };
  return createHash('sha256')
    .update(JSON.stringify(ordered(content)))
    .digest('hex');
}

beforeAll(async () => {
  t = await startTestApp();
  await done(t.api.post('/v1/stocks', { json: { symbol: 'ACME' } }));
  await done(
    t.api.post('/v1/stocks/ACME/data', {
      body: `Date,Open,High,Low,Close,Volume\n2024-01-02,,,,${LONG},${LARGE}\n2024-01-03,101,103,101,102.8,1000\n`,
      type: 'text/csv',
      query: { message: 'the first file' },
    }),
  );
  const conversation = await done(
    t.api.post('/v1/conversations', { json: { title: 'Ünïcode 🚀', metadata: { n: 1 } } }),
  );
  id = conversation['id'] as string;
  const citation = (date: string) => ({ type: 'stock-data', symbol: 'ACME', date });
  await done(
    t.api.post(`/v1/conversations/${id}/messages`, {
      json: { role: 'user', content: 'What did it close at?' },
    }),
  );
  await done(
    t.api.post(`/v1/conversations/${id}/messages`, {
      type: 'application/json',
      body: JSON.stringify({
        ...{
          role: 'assistant',
          content: 'At 102.8.',
          citations: [citation('2024-01-03'), citation('2024-01-02')],
        },
        metadata: { digits: 'DIGITS' },
      }).replace('"DIGITS"', LARGE),
    }),
  );
  await done(
    t.api.put('/v1/stocks/ACME/data/2024-01-03', {
      json: { open: 101, high: 103, low: 101, close: 102.08, volume: 1000, message: 'digits swapped' },
    }),
  );
});
afterAll(() => t.close());

describe('an export', () => {
  it('holds the conversation, its messages, the quoted bars, and the revisions with authors and sources', async () => {
    const answer = await exported(t.api, id);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="conversation-${id}.json"`);
    const quoted = { date: '2024-01-03', close: '102.8', open: '101', volume: '1000' };
    expect(answer.json).toMatchObject({
      ...{ format: 'stockroom-conversation/1', revision: 2 },
      conversation: { id, title: 'Ünïcode 🚀', metadata: '{"n":1}', lastSeq: 2 },
      messages: [
        { seq: 1, role: 'user', content: 'What did it close at?', citations: [] },
        {
          seq: 2,
          metadata: expect.stringMatching(new RegExp(`^\\{"digits": ?${LARGE}\\}$`)),
          citations: [
            {
              symbol: 'ACME',
              quoted,
              status: 'restated',
              current: { close: '102.08' },
              revision: 1,
              restatedBy: 2,
            },
            { status: 'current', quoted: { close: LONG, volume: LARGE } },
          ],
        },
      ],
      bars: [
        { symbol: 'ACME', interval: '1d', branch: 'main', revision: 1, bar: quoted },
        { symbol: 'ACME', revision: 1, bar: { date: '2024-01-02', close: LONG, volume: LARGE, open: null } },
      ],
      revisions: [
        { id: 1, kind: 'import', message: 'the first file', authorId: t.admin.userId },
        { id: 2, kind: 'correction', source: 'http', message: 'digits swapped', authorId: t.admin.userId },
      ],
    });
  });

  it('proves itself to whoever sorts its members and hashes them', async () => {
    const document = (await exported(t.api, id)).json as Json & ExportDocument;
    expect(plainDigest(document)).toBe(document.digest.value);
    expect(digestOf(document)).toBe(document.digest.value);
    expect(digestOf(JSON.parse(JSON.stringify(document, null, 4)) as object)).toBe(document.digest.value);
  });

  it('has no digest any more when anything at all is changed, added or taken away', async () => {
    const document = (await exported(t.api, id)).json as Json & ExportDocument;
    const { digest, ...content } = document;
    let changes = 0;
    const check = (): void => {
      changes++;
      expect(digestOf(document)).not.toBe(digest.value);
    };
    const tamper = (parent: Json, key: string): void => {
      const value = parent[key];
      if (typeof value === 'object' && value !== null) {
        for (const member of Object.keys(value)) tamper(value as Json, member);
      } else {
        parent[key] = typeof value === 'string' ? `${value} ` : typeof value === 'number' ? value + 1 : 'x';
        check();
        parent[key] = value;
      }
    };
    for (const key of Object.keys(content)) tamper(document, key);
    expect(changes).toBeGreaterThan(80);
    const last = (document.messages as Json[]).pop();
    check();
    (document.messages as Json[]).push(last ?? {}, {});
    check();
    (document.messages as Json[]).pop();
    expect(digestOf(document)).toBe(digest.value);
  });

  it('of a fork holds what it inherited', async () => {
    const fork = await done(t.api.post(`/v1/conversations/${id}/forks`, { json: { atSeq: 1 } }));
    await done(
      t.api.post(`/v1/conversations/${String(fork['id'])}/messages`, {
        json: { role: 'user', content: 'Or else?' },
      }),
    );
    const document = (await exported(t.api, fork['id'] as string)).json as ExportDocument;
    expect(document).toMatchObject({
      conversation: { parentId: id, forkSeq: 1 },
      messages: [
        { seq: 1, inherited: true, content: 'What did it close at?' },
        { seq: 2, inherited: false },
      ],
      ...{ bars: [], revisions: [] },
    });
  });

  it('names the revision that a conversation is fixed at', async () => {
    const fixed = await done(t.api.post('/v1/conversations', { json: { asOf: 1 } }));
    const document = (await exported(t.api, fixed['id'] as string)).json as ExportDocument;
    expect(document.revisions.map((revision) => revision.id)).toEqual([1]);
  });

  it('shows a redacted message as redacted, and nothing of what it quoted', async () => {
    const made = await done(t.api.post('/v1/conversations', { json: {} }));
    const route = `/v1/conversations/${String(made['id'])}/messages`;
    const message = await done(
      t.api.post(route, {
        json: {
          role: 'user',
          content: 'secret',
          citations: [{ type: 'stock-data', symbol: 'ACME', date: '2024-01-02' }],
        },
      }),
    );
    await t.api.delete(`${route}/${String(message['id'])}`);
    const answer = await exported(t.api, made['id'] as string);
    expect(answer.json).toMatchObject({
      messages: [{ seq: 1, content: '', citations: [] }],
      bars: [],
      revisions: [],
    });
    expect(answer.text).not.toContain('secret');
  });

  it('is for the owner alone; a foreign one is as one that is not there', async () => {
    const stranger = await t.signedIn('ADMIN');
    for (const api of [stranger.api, t.visitor()]) {
      expectRefused(await exported(api, id), 404, 'conversation-not-found');
      expectRefused(
        await exported(api, '01900000-0000-7000-8000-000000000000'),
        404,
        'conversation-not-found',
      );
    }
    expectRefused(await exported(t.api, 'nonsense'), 400, 'validation-failed');
    expectRefused(await exported(t.stranger, id), 401, 'unauthenticated');
  });

  it('has every message of a long conversation, and refuses one that is too large', async () => {
    const long = await storeConversation(t.db, t.admin);
    await storeMessage(t.db, long, { seq: 1 });
    const fill = async (from: number, to: number, bytes: number): Promise<void> => {
      await asOwner(
        t.db,
        `insert into messages (id, conversation_id, owner_id, seq, role, content, language)
         select gen_random_uuid(), $1, $2, n, 'user', repeat('x', $5::integer), 'simple'
         from generate_series($3::integer, $4::integer) n`,
        [long.id, t.admin.userId, from, to, bytes],
      );
      await asOwner(t.db, 'update conversations set last_seq = $2 where id = $1', [long.id, to]);
    };
    await fill(2, 1_203, 10);
    const { messages } = (await exported(t.api, long.id)).json as { messages: readonly { seq: number }[] };
    expect(messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_203 }, (_, n) => n + 1));
    await fill(1_204, 1_204 + 512, 65_536);
    const statements = jest.spyOn(t.app.get(SlowQueryLog), 'note');
    const pages = (): number => statements.mock.calls.filter(([name]) => name === 'message_page_asc').length;
    expectRefused(await exported(t.api, long.id), 422, 'export-too-large');
    // Known before a page is made.
    expect(pages()).toBe(0);
    await exported(t.api, id);
    expect(pages()).toBe(1);
    statements.mockRestore();
  });

  it('is never taken for larger than it is, and hardly for smaller', async () => {
    const made = await storeConversation(t.db, t.admin);
    for (let seq = 1; seq <= 9; seq++) await storeMessage(t.db, made, { seq, content: `Ünïcode 🚀 ${seq}` });
    await asOwner(t.db, 'update conversations set last_seq = 9 where id = $1', [made.id]);
    for (const [conversationId, least] of [
      [made.id, 0.95],
      // Quotations grow by what stands there now.
      [id, 0.5],
    ] as const) {
      const { text } = await t.api.get(`/v1/conversations/${conversationId}/messages`);
      const bytes = Buffer.byteLength(text) - Buffer.byteLength('{"data":[],"nextCursor":null}');
      const tooLarge = async (maxBytes: number): Promise<unknown> => {
        const statement = isTooLarge({ conversationId, ownerId: t.admin.userId, maxBytes });
        return (await asOwner<{ exists: boolean }>(t.db, statement.text, [...statement.values]))[0]?.exists;
      };
      expect(await tooLarge(bytes)).toBe(false);
      expect(await tooLarge(Math.floor(bytes * least))).toBe(true);
    }
  });
});
