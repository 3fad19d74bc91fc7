import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { append, makeConversation, tryAppend, type ShownConversation } from '../factories/conversations.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let api: ApiClient;
let other: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
  api = (await app.signedIn('USER')).api;
  other = (await app.signedIn('USER')).api;
});
afterAll(() => app.close());

const create = (json: unknown, as = api): Promise<ApiAnswer> => as.post('/v1/conversations', { json });
const createRaw = (body: string): Promise<ApiAnswer> =>
  api.post('/v1/conversations', { body, type: 'application/json' });
const codeOf = ({ status, json }: ApiAnswer): unknown => [status, (json as { code?: string }).code];

describe('a conversation', () => {
  it('is made with what was given, and read by its address', async () => {
    const made = await create({ title: 'Prices', metadata: { model: 'a-1', tags: ['x'] } });
    const { id } = made.json as ShownConversation;
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`/v1/conversations/${id}`);
    expect(made.json).toMatchObject({
      ...{
        title: 'Prices',
        metadata: { model: 'a-1', tags: ['x'] },
        asOf: null,
        branch: 'main',
        parentId: null,
      },
      ...{ forkSeq: null, archived: false, pinned: false, retainUntil: null, lastSeq: 0 },
    });
    const read = await api.get(`/v1/conversations/${id}`);
    expect(read.text).toBe(made.text);
    expect(read.headers.get('etag')).toBe(made.headers.get('etag'));
    const etag = read.headers.get('etag') ?? '';
    const unchanged = await api.get(`/v1/conversations/${id}`, { headers: { 'if-none-match': etag } });
    expect(unchanged.status).toBe(304);
    await append(api, id);
    const changed = await api.get(`/v1/conversations/${id}`, { headers: { 'if-none-match': etag } });
    expect([changed.status, changed.json]).toMatchObject([200, { lastSeq: 1 }]);
  });

  it('is made once under an id of the client’s, and the same request is answered alike', async () => {
    const id = randomUUID();
    const first = await create({ id, title: 'Once', metadata: { a: 1, b: [1.5, 'x'] } });
    const again = await create({ metadata: { b: [1.5, 'x'], a: 1 }, title: 'Once', id: id.toUpperCase() });
    expect([first.status, again.status, again.text]).toEqual([201, 200, first.text]);
    await api.patch(`/v1/conversations/${id}`, { json: { title: 'Changed since' } });
    const late = await create({ id, title: 'Once', metadata: { a: 1, b: [1.5, 'x'] } });
    expect([late.status, late.json]).toMatchObject([200, { id, title: 'Changed since' }]);
    for (const changed of [{ title: 'Other' }, { title: 'Once', metadata: { a: 1, b: ['x', 1.5] } }, {}])
      expect(codeOf(await create({ id, ...changed }))).toEqual([409, 'id-taken']);
  });

  it('made by twenty equal requests at once is one', async () => {
    const id = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, async () => create({ id, title: 'Race' })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array<number>(19).fill(200),
      201,
    ]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('of somebody else, one that was deleted and one that never was are told apart by nothing', async () => {
    const foreign = (await makeConversation(other)).id;
    const gone = (await makeConversation(api)).id;
    await api.delete(`/v1/conversations/${gone}`);
    const answers = async (id: string): Promise<unknown> => {
      const path = `/v1/conversations/${id}`;
      const all = [
        await api.get(path),
        await api.patch(path, { json: { title: 'mine' } }),
        await api.delete(path),
        await api.get(`${path}/messages`),
        await tryAppend(api, id),
        await api.post(`${path}/forks`, { json: { atSeq: 0 } }),
        await api.delete(`${path}/messages/${randomUUID()}`),
      ];
      return all.map(({ status, json }) => [status, { ...(json as object), instance: '' }]);
    };
    const missing = await answers(randomUUID());
    expect(await answers(foreign)).toEqual(missing);
    expect(await answers(gone)).toEqual(missing);
    expect(codeOf(await create({ id: foreign }))).toEqual([409, 'id-taken']);
    expect(codeOf(await create({ id: gone }))).toEqual([409, 'id-taken']);
    expect((await other.get(`/v1/conversations/${foreign}`)).status).toBe(200);
  });

  it('is changed by the members that are given, and only with a current ETag', async () => {
    const { id } = await makeConversation(api, 0, { title: 'Before' });
    const path = `/v1/conversations/${id}`;
    const etag = (await api.get(path)).headers.get('etag') ?? '';
    const retainUntil = '2031-02-03T04:05:06.000Z';
    const changed = await api.patch(path, {
      json: { pinned: true, retainUntil },
      headers: { 'if-match': etag },
    });
    expect(changed.json).toMatchObject({ title: 'Before', pinned: true, archived: false, retainUntil });
    const stale = await api.patch(path, { json: { title: 'x' }, headers: { 'if-match': etag } });
    expect(codeOf(stale)).toEqual([412, 'stale-resource']);
    expect(codeOf(await api.delete(path, { headers: { 'if-match': etag } }))).toEqual([
      412,
      'stale-resource',
    ]);
    const cleared = await api.patch(path, { json: { title: null, retainUntil: null, archived: true } });
    expect(cleared.json).toMatchObject({ title: null, pinned: true, archived: true, retainUntil: null });
    const now = cleared.headers.get('etag') ?? '';
    expect((await api.delete(path, { headers: { 'if-match': now } })).status).toBe(204);
  });

  it.each([
    ['metadata that is a list', '{"metadata":[]}', 'validation-failed'],
    ['metadata that is a number', '{"metadata":5}', 'validation-failed'],
    ['metadata that is a text', '{"metadata":"x"}', 'validation-failed'],
    [
      'metadata of 16 KiB and a byte',
      JSON.stringify({ metadata: { a: 'x'.repeat(16_377) } }),
      'validation-failed',
    ],
    ['__proto__ in metadata', '{"metadata":{"a":[{"__proto__":{"x":1}}]}}', 'malformed-request'],
    ['__proto__ in the body', '{"__proto__":{"title":"x"}}', 'malformed-request'],
    ['a number that no double holds', '{"metadata":{"a":1e999}}', 'validation-failed'],
    ['a zero with an exponent that nobody reads', '{"metadata":{"a":0e-99999}}', 'validation-failed'],
    ['a number that becomes nothing', '{"metadata":{"a":1e-999}}', 'validation-failed'],
    [
      'numbers that are long once stored',
      `{"metadata":{"a":[${Array(300).fill('1e300').join()}]}}`,
      'metadata-too-large',
    ],
    ['U+0000 in metadata', '{"metadata":{"a":"\\u0000"}}', 'unstorable-text'],
    ['U+0000 in a name of metadata', '{"metadata":{"\\u0000":1}}', 'unstorable-text'],
    ['half a surrogate pair', '{"title":"\\ud800"}', 'unstorable-text'],
    ['metadata forty levels deep', `{"metadata":{"a":${'['.repeat(40)}${']'.repeat(40)}}}`, 'body-too-deep'],
    ['an empty title', '{"title":" "}', 'validation-failed'],
    ['a title of 201 characters', JSON.stringify({ title: 'x'.repeat(201) }), 'validation-failed'],
    ['an id that is none', '{"id":"1"}', 'validation-failed'],
    ['the nil UUID', '{"id":"00000000-0000-0000-0000-000000000000"}', 'validation-failed'],
    ['an unknown member', '{"owner":"me"}', 'validation-failed'],
    ['a revision that is not there yet', '{"asOf":999999}', 'as-of-in-future'],
    ['an instant that is not there yet', '{"asOf":"2999-01-01T00:00:00Z"}', 'as-of-in-future'],
    ['no JSON', '{', 'malformed-json'],
  ])('is not made with %s', async (_, body, code) => {
    const answer = await createRaw(body);
    expect([answer.status, ['malformed-request', 'malformed-json'].includes(code)]).toEqual([
      400,
      ['malformed-request', 'malformed-json'].includes((answer.json as { code: string }).code),
    ]);
    if (code !== 'malformed-request') expect(codeOf(answer)).toEqual([400, code]);
  });

  it('keeps metadata of exactly 16 KiB, names like those of objects, and numbers as they were written', async () => {
    const full = { a: 'x'.repeat(16 * 1024 - '{"a":""}'.length) };
    expect((await create({ metadata: full })).json).toMatchObject({ metadata: full });
    const odd =
      '{"constructor":{"name":"x"},"toString":1,"rawJSON":"7","big":12345678901234567890,"small":0.10000000000000000001,"value":1.50}';
    const made = await createRaw(`{"metadata":${odd}}`);
    expect(made.status).toBe(201);
    expect((made.exact as { metadata: unknown }).metadata).toEqual({
      ...{ toString: '1', rawJSON: '7', big: '12345678901234567890', small: '0.10000000000000000001' },
      ...{ value: '1.50', constructor: { name: 'x' } },
    });
  });

  it('on a branch that is not there is not made', async () => {
    expect(codeOf(await create({ branch: 'nowhere' }))).toEqual([404, 'branch-not-found']);
  });
});

describe('the list of conversations', () => {
  it('has the newest activity first, page by page, each once, and goes by what is asked', async () => {
    const person = (await app.signedIn('USER')).api;
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push((await makeConversation(person, 0, { title: `c${n}` })).id);
    await append(person, ids[2] ?? '');
    await person.patch(`/v1/conversations/${ids[4]}`, { json: { archived: true } });
    await person.patch(`/v1/conversations/${ids[5]}`, { json: { pinned: true } });
    await person.delete(`/v1/conversations/${ids[0]}`);
    const listed: string[] = [];
    let path: string | null = '/v1/conversations?limit=2';
    while (path !== null) {
      const answer = await person.get(path);
      listed.push(...(answer.json as { data: { id: string }[] }).data.map(({ id }) => id));
      path = /<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? null;
    }
    expect(listed).toEqual([ids[2], ids[6], ids[5], ids[4], ids[3], ids[1]]);
    const some = async (query: string): Promise<unknown> =>
      ((await person.get(`/v1/conversations?${query}`)).json as { data: { id: string }[] }).data.map(
        ({ id }) => id,
      );
    expect(await some('archived=true')).toEqual([ids[4]]);
    expect(await some('pinned=true')).toEqual([ids[5]]);
    expect(await some('archived=false&pinned=false')).toEqual([ids[2], ids[6], ids[3], ids[1]]);
  });

  it('takes no cursor of somebody else, of another filter, or that was changed', async () => {
    const person = (await app.signedIn('USER')).api;
    await makeConversation(person);
    await makeConversation(person);
    const { nextCursor } = (await person.get('/v1/conversations?limit=1')).json as { nextCursor: string };
    const refused = [
      await api.get('/v1/conversations', { query: { cursor: nextCursor } }),
      await person.get('/v1/conversations', { query: { cursor: nextCursor, pinned: 'true' } }),
      await person.get('/v1/conversations', { query: { cursor: `${nextCursor}x` } }),
    ];
    expect(refused.map(codeOf)).toEqual(Array(3).fill([400, 'invalid-cursor']));
  });
});

describe('a visitor', () => {
  it('has conversations of their own, which become the account’s with the sign-in', async () => {
    const visitor = app.visitor();
    const { id } = await makeConversation(visitor, 2, { title: 'Asked before' });
    const forked = await visitor.post(`/v1/conversations/${id}/forks`, { json: { atSeq: 1 } });
    const forkId = (forked.json as ShownConversation).id;
    expect((await app.visitor().get(`/v1/conversations/${id}`)).status).toBe(404);
    const person = await app.signedIn('USER');
    const signIn = { login: person.email, password: person.password };
    const session = await visitor.post('/v1/sessions', { json: signIn });
    const account = app.stranger.as((session.json as { token: string }).token);
    expect((await account.get(`/v1/conversations/${id}`)).json).toMatchObject({ title: 'Asked before' });
    expect((await account.get(`/v1/conversations/${id}/messages`)).json).toMatchObject({
      data: [{ content: 'message 1' }, { content: 'message 2' }],
    });
    expect((await append(account, id)).seq).toBe(3);
    expect((await account.get(`/v1/conversations/${forkId}/messages`)).json).toMatchObject({
      data: [{ inherited: true }],
    });
    expect((await visitor.get(`/v1/conversations/${id}`)).status).toBe(401);
  });

  it('without credentials has none', async () => {
    expect((await app.stranger.get('/v1/conversations')).status).toBe(401);
    expect((await create({}, app.stranger)).status).toBe(401);
  });
});
