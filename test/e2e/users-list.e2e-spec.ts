import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signIn, storeUser, type SignedInUser, type StoredUser } from '../factories/users.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Listed {
  readonly data: readonly {
    readonly id: string;
    readonly username: string;
    readonly sessions?: readonly { readonly id: string; readonly current: boolean }[];
  }[];
  readonly nextCursor: string | null;
}

let service: TestApp;
let api: ApiClient;
let admin: SignedInUser;
const people: StoredUser[] = [];

beforeAll(async () => {
  service = await startTestApp();
  api = service.stranger;
  admin = await signIn(api, await storeUser(service.db.owner, { username: 'the-admin', role: 'ADMIN' }));
  for (let n = 0; n < 7; n++)
    people.push(
      await storeUser(service.db.owner, {
        username: `reader_${n}`,
        email: `Reader.${n}@Example.org`,
        isActive: n !== 3,
      }),
    );
});
afterAll(() => service.close());

const list = async (query: Readonly<Record<string, string | number>> = {}): Promise<ApiAnswer> =>
  api.get('/v1/users', { query, headers: admin.headers });
const names = (answer: ApiAnswer): readonly string[] =>
  (answer.json as Listed).data.map(({ username }) => username);

describe('the list of people', () => {
  it('is in the order in which they came, and comes in pages that leave nobody out', async () => {
    const whole = names(await list());
    const { username: first } = service.admin;
    expect(whole).toEqual([first, 'the-admin', ...people.map(({ username }) => username)]);
    const paged: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await list(cursor === '' ? { limit: 3 } : { limit: 3, cursor });
      paged.push(...names(page));
      cursor = (page.json as Listed).nextCursor;
      expect(page.headers.get('link') === null).toBe(cursor === null);
    }
    expect(paged).toEqual(whole);
  });

  it('is filtered by activity, role and part of a name, each alone and together', async () => {
    expect(names(await list({ active: 'false' }))).toEqual(['reader_3']);
    expect(names(await list({ role: 'ADMIN' }))).toEqual(['the-admin']);
    expect(names(await list({ q: 'READER.5@example' }))).toEqual(['reader_5']);
    expect(names(await list({ q: 'der_' }))).toHaveLength(7);
    expect(names(await list({ q: '%' }))).toEqual([]);
    expect(names(await list({ q: 'reader', active: 'true', role: 'USER' }))).toHaveLength(6);
    expect(names(await list({ q: 'reader', role: 'SUPER_ADMIN' }))).toEqual([]);
  });

  it('embeds live sessions when asked, and says which one asks', async () => {
    const [person] = people;
    if (person === undefined) throw new Error('nobody');
    const first = await signIn(api, person);
    const second = await signIn(api, person);
    await api.delete('/v1/sessions/current', { headers: first.headers });
    const { data } = (await list({ include: 'sessions' })).json as Listed;
    const sessionsOf = (id: string) => data.find((user) => user.id === id)?.sessions;
    expect(sessionsOf(person.id)?.map(({ id }) => id)).toEqual([second.sessionId]);
    expect(sessionsOf(admin.id)).toMatchObject([{ id: admin.sessionId, current: true }]);
    expect(sessionsOf(people[1]?.id ?? '')).toEqual([]);
    const plain = (await list()).json as Listed;
    expect(plain.data.some((user) => 'sessions' in user)).toBe(false);
  });

  it('shows no token and no hash', async () => {
    const { text } = await list({ include: 'sessions' });
    expect(text).not.toMatch(/argon2|hash|token/i);
  });

  it.each<Readonly<Record<string, string | number>>>([
    { limit: 0 },
    { limit: 501 },
    { limit: '1e2' },
    { active: 'yes' },
    { role: 'ROOT' },
    { include: 'passwords' },
    { q: '' },
    { sort: 'email' },
    { cursor: 'x' },
  ])('is not to be had with %j', async (query) => {
    const answer = await list(query);
    expect(answer.status).toBe(400);
  });

  it('takes no cursor of another query, and none that was changed', async () => {
    const { nextCursor } = (await list({ limit: 2 })).json as Listed;
    const cursor = nextCursor ?? '';
    expectRefused(await list({ limit: 2, cursor, active: 'true' }), 400, 'invalid-cursor');
    expectRefused(await list({ limit: 2, cursor: `${cursor}x` }), 400, 'invalid-cursor');
  });

  it('is for administrators', async () => {
    const person = await signIn(api, people[2] ?? admin);
    expectRefused(await api.get('/v1/users', { headers: person.headers }), 403, 'forbidden');
    expect((await api.get('/v1/users')).status).toBe(401);
  });
});
