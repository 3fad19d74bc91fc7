import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { append, makeConversation } from '../factories/conversations.js';
import { storeConversation, storeMessage, type StoredConversation } from '../factories/history-rows.js';
import { expectRefused } from '../support/refusals.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import type { Persona } from '../support/personas.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ROUTE = '/v1/messages/search';

interface Found {
  readonly data: readonly {
    readonly id: string;
    readonly conversationId: string;
    readonly conversationTitle: string | null;
    readonly seq: number;
    readonly rank: number;
    readonly snippet: string;
  }[];
  readonly nextCursor: string | null;
}

let t: TestApp;
let ann: Persona;
let chat: StoredConversation;

const search = async (api: ApiClient, q: string, more: Record<string, string> = {}): Promise<ApiAnswer> =>
  api.get(ROUTE, { query: { q, ...more } });
const found = async (api: ApiClient, q: string, more: Record<string, string> = {}): Promise<Found> => {
  const answer = await search(api, q, more);
  expect(answer.status).toBe(200);
  return answer.json as Found;
};
const idsOf = ({ data }: Found): readonly string[] => data.map(({ id }) => id);

beforeAll(async () => {
  t = await startTestApp();
  ann = await t.signedIn('USER');
  chat = await storeConversation(t.db, ann, { title: 'Chips' });
});
afterAll(() => t.close());

describe('a search', () => {
  it('finds words in all their forms, phrases, alternatives, and leaves out what it must not', async () => {
    const closed = await storeMessage(t.db, chat, {
      seq: 1,
      content: 'Nvidia closed higher on strong prices',
    });
    const opened = await storeMessage(t.db, chat, { seq: 2, content: 'The price at the opening was lower' });
    expect(idsOf(await found(ann.api, 'price')).toSorted()).toEqual([closed, opened].toSorted());
    expect(idsOf(await found(ann.api, 'price -opening'))).toEqual([closed]);
    expect(idsOf(await found(ann.api, '"strong prices"'))).toEqual([closed]);
    expect(idsOf(await found(ann.api, '"prices strong"'))).toEqual([]);
    expect(idsOf(await found(ann.api, 'nvidia or opening')).toSorted()).toEqual([closed, opened].toSorted());
    expect((await found(ann.api, 'nvidia')).data).toEqual([
      expect.objectContaining({
        ...{ id: closed, conversationId: chat.id, conversationTitle: 'Chips', seq: 1, role: 'user' },
        snippet: '<mark>Nvidia</mark> closed higher on strong prices',
      }),
    ]);
  });

  it('puts first where the words stand closest', async () => {
    const far = await storeMessage(t.db, chat, {
      seq: 3,
      content: 'wafer one two three four five six seven yield',
    });
    const near = await storeMessage(t.db, chat, {
      seq: 4,
      content: 'wafer yield one two three four five six seven',
    });
    expect(idsOf(await found(ann.api, 'wafer yield'))).toEqual([near, far]);
  });

  it('gives snippets that are safe to show, whatever the message holds', async () => {
    const content = '<script>alert("x")</script> halt & <mark>not mine</mark> \u0002halt\u0003 o\'clock';
    await storeMessage(t.db, chat, { seq: 5, content });
    const [hit] = (await found(ann.api, 'halt')).data;
    expect(hit?.snippet).toContain('<mark>halt</mark>');
    expect(hit?.snippet.replaceAll(/<\/?mark>/g, '')).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
    expect(hit?.snippet.match(/<mark>halt<\/mark>/g)).toHaveLength(2);
    expect(hit?.snippet.match(/<mark>/g)).toHaveLength(2);
  });

  it("is of one's own messages, for people and for visitors", async () => {
    const bert = await t.signedIn('USER');
    const visitor = t.visitor();
    const { id: visitorId } = (await visitor.get('/v1/sessions/current')).json as { id: string };
    const mine = await storeMessage(t.db, await storeConversation(t.db, bert), {
      seq: 1,
      content: 'dividend',
    });
    const theirs = await storeMessage(t.db, await storeConversation(t.db, { visitorId }), {
      seq: 1,
      content: 'dividend',
    });
    expect(idsOf(await found(bert.api, 'dividend'))).toEqual([mine]);
    expect(idsOf(await found(visitor, 'dividend'))).toEqual([theirs]);
    expect(idsOf(await found(t.visitor(), 'dividend'))).toEqual([]);
    expect(idsOf(await found(t.api, 'dividend'))).toEqual([]);
    expect((await search(t.stranger, 'dividend')).status).toBe(401);
  });

  it('finds nothing that was redacted, nor what was deleted', async () => {
    await storeMessage(t.db, chat, { seq: 6, content: '', redacted: true });
    const gone = await storeConversation(t.db, ann, { deletedAgo: '1 hour' });
    await storeMessage(t.db, gone, { seq: 1, content: 'ephemeral' });
    expect(idsOf(await found(ann.api, 'ephemeral'))).toEqual([]);
    // A search for the absence of a word would find every empty message.
    const all = (await found(ann.api, '-ephemeral')).data;
    expect(all.length).toBeGreaterThan(3);
    expect(all.map(({ seq }) => seq)).not.toContain(6);
  });

  it('finds what a fork shows once: in its own conversation, or in the fork when that was deleted', async () => {
    const parent = await storeConversation(t.db, ann);
    const id = await storeMessage(t.db, parent, { seq: 1, content: 'turbine' });
    const fork = await storeConversation(t.db, ann, { parentId: parent.id, forkSeq: 1, title: 'what if' });
    await storeConversation(t.db, ann, { parentId: fork.id, forkSeq: 1 });
    expect((await found(ann.api, 'turbine')).data).toMatchObject([{ id, conversationId: parent.id }]);
    const deleted = await storeConversation(t.db, ann, { deletedAgo: '1 hour' });
    const kept = await storeMessage(t.db, deleted, { seq: 1, content: 'rotor' });
    await storeMessage(t.db, deleted, { seq: 2, content: 'rotor, after the fork' });
    const middle = await storeConversation(t.db, ann, {
      parentId: deleted.id,
      forkSeq: 1,
      deletedAgo: '1 hour',
    });
    const living = await storeConversation(t.db, ann, { parentId: middle.id, forkSeq: 1, title: 'second' });
    expect((await found(ann.api, 'rotor')).data).toMatchObject([
      { id: kept, conversationId: living.id, conversationTitle: 'second', seq: 1 },
    ]);
  });

  it('takes words in the language that a message was stored under', async () => {
    const german = await storeMessage(t.db, chat, {
      seq: 7,
      content: 'Die Kurse der Aktien',
      language: 'german',
    });
    const english = await storeMessage(t.db, chat, { seq: 8, content: 'Aktien is a German word' });
    expect(idsOf(await found(ann.api, 'Aktie'))).toEqual([german]);
    expect(idsOf(await found(ann.api, 'Aktien')).toSorted()).toEqual([german, english].toSorted());
  });

  it('puts the newest first of those that match alike, whatever ids their client made', async () => {
    const carl = await t.signedIn('USER');
    const { id } = await makeConversation(carl.api);
    const ids: string[] = [];
    for (let n = 0; n < 6; n++)
      ids.unshift((await append(carl.api, id, { id: randomUUID(), content: 'gneiss' })).id);
    const first = await found(carl.api, 'gneiss', { limit: '4' });
    const rest = await found(carl.api, 'gneiss', { limit: '4', cursor: first.nextCursor ?? '' });
    expect([...idsOf(first), ...idsOf(rest)]).toEqual(ids);
  });

  it('goes on page by page, ties and all, and with its own cursor only', async () => {
    const bert = await t.signedIn('USER');
    const many = await storeConversation(t.db, bert);
    const stored: string[] = [];
    for (let seq = 1; seq <= 7; seq++) {
      stored.push(
        await storeMessage(t.db, many, { seq, content: seq % 3 === 0 ? 'sector rotation' : 'sector' }),
      );
    }
    const whole = idsOf(await found(bert.api, 'sector'));
    expect(whole.toSorted()).toEqual(stored.toSorted());
    const pages: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Found = await found(bert.api, 'sector', {
        limit: '2',
        ...(cursor === null ? {} : { cursor }),
      });
      pages.push(...idsOf(page));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(pages).toEqual(whole);
    const first = await found(bert.api, 'sector', { limit: '2' });
    for (const [api, q] of [
      [bert.api, 'rotation'],
      [ann.api, 'sector'],
    ] as const) {
      const refused = await search(api, q, { limit: '2', cursor: first.nextCursor ?? '' });
      expectRefused(refused, 400, 'invalid-cursor');
    }
  });

  it.each([
    ['signs', '- " ( ) | & ! :*'],
    ['a thousand minus signs', '-'.repeat(1_000)],
    ['minus signs with blanks', '- '.repeat(500)],
    ['words that do not count', 'the of and'],
    ['an open quotation', '"'],
    ['an operator', 'or'],
    ['SQL', "'; drop table messages; --"],
    ['a backslash', '\\'],
  ])('answers %s with a page', async (_, q) => {
    expect((await search(ann.api, q)).status).toBe(200);
  });

  it.each([
    ['missing', {}],
    ['empty', { q: '' }],
    ['blank', { q: '   ' }],
    ['of 10,000 characters', { q: 'x'.repeat(10_000) }],
    ['of 1,001 characters', { q: 'é'.repeat(1_001) }],
  ])('refuses a query that is %s', async (_, query) => {
    const answer = await ann.api.get(ROUTE, { query });
    expectRefused(answer, 400, 'validation-failed');
  });
});
