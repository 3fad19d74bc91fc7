import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  allMessages,
  append,
  fork,
  makeConversation,
  type ShownConversation,
} from '../factories/conversations.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
  api = (await app.signedIn('USER')).api;
});
afterAll(() => app.close());

const contents = async (id: string, query = {}): Promise<readonly string[]> =>
  (await allMessages(api, id, query)).map(
    ({ seq, content, inherited }) => `${seq} ${content}${inherited ? ' ^' : ''}`,
  );
const tryFork = (id: string, json: unknown): Promise<ApiAnswer> =>
  api.post(`/v1/conversations/${id}/forks`, { json });
const codeOf = ({ status, json }: ApiAnswer): unknown => [status, (json as { code?: string }).code];
const stored = async (id: string): Promise<number> =>
  (await asOwner(app.db, 'select from messages where conversation_id = $1', [id])).length;

describe('a fork', () => {
  it('shows the first messages of its parent and goes on by itself, and the parent does not change', async () => {
    const parent = await makeConversation(api, 3, { title: 'Trunk' });
    const forked = await fork(api, parent.id, 2);
    expect(forked).toMatchObject({ title: 'Trunk', parentId: parent.id, forkSeq: 2, lastSeq: 2 });
    await append(api, forked.id, { content: 'other' });
    await append(api, parent.id, { content: 'fourth' });
    expect(await contents(forked.id)).toEqual(['1 message 1 ^', '2 message 2 ^', '3 other']);
    expect(await contents(forked.id, { order: 'desc', limit: 1 })).toEqual([
      '3 other',
      '2 message 2 ^',
      '1 message 1 ^',
    ]);
    expect(await contents(parent.id)).toEqual(['1 message 1', '2 message 2', '3 message 3', '4 fourth']);
  });

  it('of a fork shows what that showed, wherever it leaves it', async () => {
    const root = await makeConversation(api, 4);
    const middle = await fork(api, root.id, 3);
    await append(api, middle.id, { content: 'm4' });
    await append(api, middle.id, { content: 'm5' });
    const inOwn = await fork(api, middle.id, 4);
    const inInherited = await fork(api, middle.id, 2);
    const atNothing = await fork(api, middle.id, 0);
    await append(api, inOwn.id, { content: 'o5' });
    await append(api, inInherited.id, { content: 'i3' });
    await append(api, atNothing.id, { content: 'n1' });
    const behind = await fork(api, inInherited.id, 3);
    expect(await contents(inOwn.id, { limit: 2 })).toEqual([
      '1 message 1 ^',
      '2 message 2 ^',
      '3 message 3 ^',
      '4 m4 ^',
      '5 o5',
    ]);
    expect(await contents(inInherited.id)).toEqual(['1 message 1 ^', '2 message 2 ^', '3 i3']);
    expect(await contents(atNothing.id)).toEqual(['1 n1']);
    expect(await contents(behind.id)).toEqual(['1 message 1 ^', '2 message 2 ^', '3 i3 ^']);
  });

  it('is made once under an id of the client’s, also when the parent is gone by the time it is asked again', async () => {
    const parent = await makeConversation(api, 2);
    const id = randomUUID();
    const first = await tryFork(parent.id, { id, atSeq: 1, title: null });
    expect([first.status, first.json]).toMatchObject([201, { id, title: null }]);
    expect(codeOf(await tryFork(parent.id, { id, atSeq: 2, title: null }))).toEqual([409, 'id-taken']);
    await api.delete(`/v1/conversations/${parent.id}`);
    const again = await tryFork(parent.id, { id, atSeq: 1, title: null });
    expect([again.status, again.text]).toEqual([200, first.text]);
  });

  it('cannot show more than there is, nor be forked for ever', async () => {
    const parent = await makeConversation(api, 1);
    expect(await tryFork(parent.id, { atSeq: 2 })).toMatchObject({
      status: 422,
      json: { code: 'fork-beyond-end', lastSeq: 1 },
    });
    for (const atSeq of [-1, 1.5, '1', null]) expect((await tryFork(parent.id, { atSeq })).status).toBe(400);
    let last: ShownConversation = parent;
    for (let depth = 1; depth <= 64; depth++) last = await fork(api, last.id, 1);
    expect(codeOf(await tryFork(last.id, { atSeq: 1 }))).toEqual([422, 'fork-too-deep']);
    expect(await contents(last.id)).toEqual(['1 message 1 ^']);
  });

  it('keeps what it shows when its parent is deleted, until it goes itself', async () => {
    const root = await makeConversation(api, 5);
    const middle = await fork(api, root.id, 4);
    await append(api, middle.id, { content: 'm5' });
    const leaf = await fork(api, middle.id, 2);
    const other = await fork(api, root.id, 3);
    await api.delete(`/v1/conversations/${root.id}`);
    expect(await stored(root.id)).toBe(4);
    await api.delete(`/v1/conversations/${middle.id}`);
    expect([await stored(root.id), await stored(middle.id)]).toEqual([3, 0]);
    expect(await contents(leaf.id)).toEqual(['1 message 1 ^', '2 message 2 ^']);
    expect(await contents(other.id)).toEqual(['1 message 1 ^', '2 message 2 ^', '3 message 3 ^']);
    await api.delete(`/v1/conversations/${other.id}`);
    expect(await stored(root.id)).toBe(2);
    await api.delete(`/v1/conversations/${leaf.id}`);
    expect(await stored(root.id)).toBe(0);
  });

  it('shows what was redacted as such, and redacts what it inherited only where there is no other way', async () => {
    const root = await makeConversation(api, 2);
    const [first, second] = await allMessages(api, root.id);
    const forked = await fork(api, root.id, 2);
    const own = `/v1/conversations/${forked.id}/messages`;
    const refused = await api.delete(`${own}/${first?.id}`);
    expect(refused).toMatchObject({
      status: 422,
      json: { code: 'message-inherited', conversationId: root.id },
    });
    await api.delete(`/v1/conversations/${root.id}/messages/${first?.id}`);
    expect(await contents(forked.id)).toEqual(['1  ^', '2 message 2 ^']);
    await api.delete(`/v1/conversations/${root.id}`);
    expect((await api.delete(`${own}/${second?.id}`)).status).toBe(204);
    expect(await contents(forked.id)).toEqual(['1  ^', '2  ^']);
  });

  it('of a conversation of somebody else is not made', async () => {
    const stranger = (await app.signedIn('USER')).api;
    const theirs = await makeConversation(stranger, 1);
    expect(codeOf(await tryFork(theirs.id, { atSeq: 1 }))).toEqual([404, 'conversation-not-found']);
  });

  it('and deletions of a whole family at once leave nothing behind', async () => {
    const root = await makeConversation(api, 3);
    const forks = [await fork(api, root.id, 1), await fork(api, root.id, 2)];
    const deeper = await fork(api, forks[1]?.id ?? '', 2);
    const family = [root, ...forks, deeper];
    const answers = await Promise.all(family.map(({ id }) => api.delete(`/v1/conversations/${id}`)));
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect(await stored(root.id)).toBe(0);
  });
});
