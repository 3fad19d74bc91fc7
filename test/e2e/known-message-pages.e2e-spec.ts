import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RetentionService } from '../../src/chat-history/retention/retention.service.js';
import { putClose, revisionOf, stockWith } from '../factories/branches.js';
import { cite, openConversation, quote, type CitingMessage } from '../factories/citations.js';
import { append, fork, makeConversation, type ShownMessage } from '../factories/conversations.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { contentsOf, MessagePageReads, pageOf } from '../support/message-page-reads.js';
import type { Persona } from '../support/personas.js';
import { visitorHeaders } from '../support/personas.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let ann: Persona;
let api: ApiClient;
let reads: MessagePageReads;

beforeAll(async () => {
  service = await startTestApp({ env: { STOCKROOM_MESSAGE_RETENTION_DAYS: '30' } });
  ann = await service.signedIn('USER');
  ({ api } = ann);
  reads = new MessagePageReads(service);
});
afterAll(() => service.close());

const messagesOf = (answer: ApiAnswer): readonly ShownMessage[] =>
  (answer.json as { data: readonly ShownMessage[] }).data;
const cursorOf = (answer: ApiAnswer): string | null =>
  (answer.json as { nextCursor: string | null }).nextCursor;
const standings = (answer: ApiAnswer): readonly unknown[] =>
  (answer.json as { data: readonly CitingMessage[] }).data.flatMap(({ citations }) =>
    citations.map(({ status, current }) => [status, current?.close]),
  );

/** A conversation with messages that quote the one bar of a stock, and plain ones between them. */
async function quoting(messages: number): Promise<{ id: string; symbol: string }> {
  const { symbol } = await stockWith(service.api, '1');
  const id = await openConversation(api);
  for (let n = 0; n < messages; n++) {
    await append(api, id, { content: `question ${n}` });
    expect((await cite(api, id, [quote(symbol, 0)])).status).toBe(201);
  }
  return { id, symbol };
}

/** Makes messages as old as retention takes them. */
async function age(id: string, seqs: readonly number[]): Promise<void> {
  await asOwner(
    service.db,
    `update messages set created_at = created_at - interval '60 days' where conversation_id = $1 and seq = any($2)`,
    [id, seqs],
  );
}

/** Lets retention take what is of age. **Shape**: how many messages it took. */
async function purged(): Promise<number> {
  return (await service.app.get(RetentionService).run({ dryRun: false })).messages;
}

describe('a page of messages that was read twice', () => {
  it('is confirmed with one small statement instead of read, whichever page it is', async () => {
    const { id } = await makeConversation(api, 5);
    for (const order of ['asc', 'desc']) {
      const first = await reads.know(api, id, { order, limit: 2 });
      const second = await reads.know(api, id, { order, limit: 2, cursor: cursorOf(first) ?? 'none' });
      const third = await reads.know(api, id, { order, limit: 2, cursor: cursorOf(second) ?? 'none' });
      expect([contentsOf(third).length, cursorOf(third)]).toEqual([1, null]);
      expect(first.headers.get('link')).toContain(encodeURIComponent(cursorOf(first) ?? 'none'));
    }
  });

  it('does not ask for prices when it quotes none, and does when it does', async () => {
    const { id } = await makeConversation(api, 2);
    const { id: citing } = await quoting(1);
    await reads.know(api, id);
    await reads.know(api, citing);
    expect(await reads.during(() => pageOf(api, id))).toEqual(['message_stamp_asc']);
    expect(await reads.during(() => pageOf(api, citing))).toEqual(['message_stamp_quoting_asc']);
  });

  it('is read without a stamp the first time: whoever reads everything once pays nothing for others', async () => {
    const { id } = await makeConversation(api, 1);
    const statements = await reads.during(async () => {
      await pageOf(api, id);
      await pageOf(api, id);
    });
    expect(statements).toEqual(['message_page_plain_asc', 'message_page_plain_stamped_asc']);
  });

  it('of an empty conversation is read again once there is a message', async () => {
    const { id } = await makeConversation(api);
    await reads.know(api, id);
    await append(api, id, { content: 'the first' });
    expect(contentsOf(await pageOf(api, id))).toEqual(['the first']);
  });

  it.each(['asc', 'desc'])('shows a message that was added since (%s)', async (order) => {
    const { id } = await makeConversation(api, 2);
    await reads.know(api, id, { order });
    await append(api, id, { content: 'news' });
    expect(contentsOf(await pageOf(api, id, { order }))).toContain('news');
  });

  it('goes on once there is more behind it, and stays known while what is behind it grows', async () => {
    const { id } = await makeConversation(api, 2);
    const query = { limit: 2 };
    expect(cursorOf(await reads.know(api, id, query))).toBeNull();
    await append(api, id);
    expect(cursorOf(await pageOf(api, id, query))).not.toBeNull();
    await append(api, id);
    expect(await reads.during(() => pageOf(api, id, query))).toEqual(['message_stamp_asc']);
  });

  it.each([false, true])('shows what was redacted as redacted (prices quoted: %s)', async (citing) => {
    const { id } = citing ? await quoting(2) : await makeConversation(api, 4);
    const [, said] = messagesOf(await reads.know(api, id));
    await api.delete(`/v1/conversations/${id}/messages/${said?.id}`);
    const now = messagesOf(await pageOf(api, id))[1];
    expect([now?.content, now?.citations, typeof now?.redactedAt]).toEqual(['', [], 'string']);
  });

  it('loses what retention removed, and shows what comes after it instead', async () => {
    const { id } = await makeConversation(api, 4);
    await age(id, [2]);
    await reads.know(api, id, { limit: 2 });
    expect(await purged()).toBe(1);
    expect(contentsOf(await pageOf(api, id, { limit: 2 }))).toEqual(['message 1', 'message 3']);
  });

  it('goes on no more once retention removed what was behind it', async () => {
    const { id } = await quoting(2);
    const query = { order: 'desc', limit: 3 };
    await age(id, [1]);
    expect(cursorOf(await reads.know(api, id, query))).not.toBeNull();
    expect(await purged()).toBe(1);
    expect(cursorOf(await pageOf(api, id, query))).toBeNull();
  });

  it('is gone with its conversation', async () => {
    const { id } = await makeConversation(api, 2);
    await reads.know(api, id);
    await api.delete(`/v1/conversations/${id}`);
    expect((await pageOf(api, id)).status).toBe(404);
  });

  it('is gone with its conversation also where a fork goes on showing its messages', async () => {
    const { id } = await makeConversation(api, 2);
    await fork(api, id, 2);
    await reads.know(api, id);
    await api.delete(`/v1/conversations/${id}`);
    expect((await pageOf(api, id)).status).toBe(404);
  });

  it('is nobody else’s, whatever they know themselves', async () => {
    const { id } = await makeConversation(api, 1, { title: 'mine' });
    await reads.know(api, id);
    const stranger = await service.signedIn('USER');
    for (let time = 0; time < 3; time++) {
      for (const other of [stranger.api, service.api, service.visitor()]) {
        const refused = await pageOf(other, id);
        expect([refused.status, refused.text.includes('message 1')]).toEqual([404, false]);
      }
    }
    expect(await reads.during(() => pageOf(api, id))).toEqual(['message_stamp_asc']);
  });

  it('of a visitor becomes the account’s with the conversation', async () => {
    const headers = visitorHeaders();
    const visitor = service.stranger.with(headers);
    const { id } = await makeConversation(visitor, 2);
    const known = await reads.know(visitor, id);
    const json = { login: ann.email, password: ann.password };
    expect((await service.stranger.post('/v1/sessions', { json, headers })).status).toBe(201);
    expect((await pageOf(visitor, id)).status).not.toBe(200);
    expect((await pageOf(api, id)).text).toBe(known.text);
  });

  it('tells that a price which it quotes was corrected, and withdrawn', async () => {
    const { id, symbol } = await quoting(1);
    expect(standings(await reads.know(api, id))).toEqual([['current', undefined]]);
    const corrected = revisionOf(await putClose(service.api, { symbol, day: 0 }, '2'));
    expect(standings(await reads.know(api, id))).toEqual([['restated', 2]]);
    await service.api.post(`/v1/revisions/${corrected}/revert`);
    expect(standings(await pageOf(api, id))).toEqual([['restated', 1]]);
  });

  it('is not taken from a fork, which shows what happens to its ancestor', async () => {
    const { id } = await makeConversation(api, 2);
    const [said] = messagesOf(await reads.know(api, id));
    const { id: forked } = await fork(api, id, 2);
    const statements = await reads.during(async () => {
      for (let time = 0; time < 3; time++) expect(contentsOf(await pageOf(api, forked))[0]).toBe('message 1');
    });
    expect(statements.filter((name) => name.startsWith('message_stamp'))).toEqual([]);
    await api.delete(`/v1/conversations/${id}/messages/${said?.id}`);
    expect(contentsOf(await pageOf(api, forked))).toEqual(['', 'message 2']);
  });

  it('is not what was read before a message that came before it was kept', async () => {
    const { id } = await makeConversation(api, 1);
    await pageOf(api, id);
    reads.onceAfterRead(() => append(api, id, { content: 'between' }));
    expect(contentsOf(await pageOf(api, id))).toEqual(['message 1']);
    expect(contentsOf(await pageOf(api, id))).toEqual(['message 1', 'between']);
  });
});
