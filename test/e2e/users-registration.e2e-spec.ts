import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../src/database/direct-connection.js';
import { freshName, newAccount, PASSWORD, signIn, storeUser } from '../factories/users.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp({ env: { STOCKROOM_REGISTRATIONS_PER_ADDRESS: '100000' } });
  api = service.stranger;
});
afterAll(() => service.close());

const register = async (
  changes: Readonly<Record<string, unknown>> = {},
  query: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> => api.post('/v1/users', { json: newAccount(changes), query });

async function actionsOn(userId: string): Promise<readonly string[]> {
  return withConnection(service.db.owner, async (client) => {
    const { rows } = await client.query<{ action: string }>(
      'select action from audit_events where target_id = $1 or user_id::text = $1 order by id',
      [userId],
    );
    return rows.map(({ action }) => action);
  });
}

describe('registering', () => {
  it('makes a USER, says where they are, and keeps what was given as it was given', async () => {
    const email = `Mixed.Case+tag@Example.COM`;
    const answer = await register({ email, username: 'Mixed.Case-1' });
    expect(answer.status).toBe(201);
    const user = answer.json as { id: string };
    expect(answer.json).toEqual({
      id: user.id,
      email,
      username: 'Mixed.Case-1',
      role: 'USER',
      isActive: true,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(answer.headers.get('location')).toBe(`/v1/users/${user.id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await actionsOn(user.id)).toEqual(['user.registered']);
  });

  it('signs in as well if asked to, in the same transaction', async () => {
    const answer = await register({}, { session: 'true' });
    expect(answer.status).toBe(201);
    const { user, session } = answer.json as { user: { id: string }; session: { token: string } };
    expect(session).toEqual({
      id: expect.any(String),
      token: expect.any(String),
      expiresAt: expect.any(String),
    });
    expect(answer.headers.get('set-cookie')).toContain(session.token);
    const me = await api.get('/v1/users/me', { headers: { authorization: `Bearer ${session.token}` } });
    expect(me.json).toEqual(user);
    expect(await actionsOn(user.id)).toEqual(['user.registered', 'session.signed-in']);
  });

  it('stores nothing of either when one of them is taken', async () => {
    const before = newAccount();
    expect((await register(before)).status).toBe(201);
    const stored = await storedRows(service.db.owner);
    const refused = await register({ email: before['email'] }, { session: 'true' });
    expectRefused(refused, 409, 'email-taken');
    expect(refused.headers.get('set-cookie')).toBeNull();
    const { users, sessions, audit_events } = await storedRows(service.db.owner);
    expect({ users, sessions, audit_events }).toEqual({
      users: stored['users'],
      sessions: stored['sessions'],
      audit_events: stored['audit_events'],
    });
  });

  it('is a conflict for an email or a username that is taken in another case, also by somebody inactive', async () => {
    const taken = await storeUser(service.db.owner, { isActive: false });
    expectRefused(await register({ email: taken.email.toUpperCase() }), 409, 'email-taken');
    expectRefused(await register({ username: taken.username.toUpperCase() }), 409, 'username-taken');
  });

  it('has one winner among twenty who want the same name at once', async () => {
    const username = freshName();
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        register({ username: index % 2 === 0 ? username : username.toUpperCase() }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array<number>(19).fill(409)]);
  });

  it('takes over what the visitor had, and their id is worthless then', async () => {
    const visitor = { 'x-session-id': 'd9b1c1f0-6b1e-4c1a-9a52-0f6f0f3a4b5c' };
    expect((await api.get('/v1/stocks', { headers: visitor })).status).toBe(200);
    const answer = await api.post('/v1/users', {
      json: newAccount(),
      query: { session: 'true' },
      headers: visitor,
    });
    expect(answer.status).toBe(201);
    expect((await api.get('/v1/stocks', { headers: visitor })).status).toBe(401);
  });

  it('keeps the visitor a visitor when no session is asked for', async () => {
    const visitor = { 'x-session-id': '0b5d3c39-2e3f-4f5e-8f6a-6a1f1b2c3d4e' };
    await api.get('/v1/stocks', { headers: visitor });
    expect((await api.post('/v1/users', { json: newAccount(), headers: visitor })).status).toBe(201);
    expect((await api.get('/v1/stocks', { headers: visitor })).status).toBe(200);
  });

  it('signs nobody in on behalf of another site', async () => {
    const answer = await api.post('/v1/users', {
      json: newAccount(),
      query: { session: 'true' },
      headers: { origin: 'https://elsewhere.example' },
    });
    expectRefused(answer, 403, 'foreign-origin');
  });
});

describe('what no account may have', () => {
  const emails = [
    '',
    'ada',
    'ada@',
    '@example.com',
    'ada@example',
    'ada @example.com',
    'ada@exam ple.com',
    'ada@@example.com',
    'ada@example.com\n',
    'ada\u0007@example.com',
    `${'x'.repeat(250)}@example.com`,
    'Ada <ada@example.com>',
    null,
    7,
    { toString: 'ada@example.com' },
  ];
  const usernames = [
    '',
    'ab',
    'x'.repeat(33),
    'a b c',
    'ada@example.com',
    'ädä',
    'ada\n',
    'a/b/c',
    null,
    ['ada'],
  ];
  const passwords = ['', 'elevenchars', 'x'.repeat(129), 'x'.repeat(10_000), null, 123_456_789_012];

  it.each(
    [
      ...emails.map((email) => ['email', email] as const),
      ...usernames.map((username) => ['username', username] as const),
      ...passwords.map((password) => ['password', password] as const),
    ].map(([member, value]) => [member, JSON.stringify(value).slice(0, 40), value] as const),
  )('is refused and named: %s %s', async (member, _, value) => {
    const answer = await register({ [member]: value });
    expectRefused(answer, 400, 'validation-failed');
    expect((answer.json as { errors: { path: string }[] }).errors).toEqual([
      expect.objectContaining({ path: member }),
    ]);
  });

  it.each(['U+0000 \0 in the middle', 'half a pair \uD83D in the middle'])(
    'is a password with %j',
    async (password) => {
      expectRefused(await register({ password }), 400, 'unstorable-text');
    },
  );

  it.each([
    ['role', 'SUPER_ADMIN'],
    ['id', '0190a1b2-0000-7000-8000-000000000000'],
    ['isActive', true],
    ['nickname', 'x'],
  ])('is a member that is not theirs to choose: %s', async (member, value) => {
    expectRefused(await register({ [member]: value }), 400, 'validation-failed');
  });

  it('is a prototype', async () => {
    const body = JSON.stringify(newAccount()).replace(/\}$/, ',"__proto__":{"role":"SUPER_ADMIN"}}');
    const answer = await api.post('/v1/users', { body, type: 'application/json' });
    expectRefused(answer, 400, 'malformed-json');
  });

  it('is a password that anybody would try first', async () => {
    for (const password of ['Password1234', 'aaaaaaaaaaaa', 'abcdefghijkl', 'liverpool2026']) {
      const answer = await register({ password });
      expectRefused(answer, 422, 'password-too-common');
      expect(answer.json).toMatchObject({ errors: [{ path: 'password' }] });
    }
    const named = newAccount({ username: 'long-username-1' });
    expectRefused(await register({ ...named, password: 'Long-Username-1' }), 422, 'password-too-common');
  });

  it.each(['null', '[]', '"text"', '7', ''])('is a body that is %s', async (body) => {
    const answer = await api.post('/v1/users', { body, type: 'application/json' });
    expect(answer.status).toBe(400);
  });

  it('is a query that nobody knows', async () => {
    expectRefused(await register({}, { session: 'yes' }), 400, 'validation-failed');
    expectRefused(await register({}, { role: 'ADMIN' }), 400, 'validation-failed');
  });
});

describe('passwords at the edges', () => {
  it.each([
    ['12 characters', 'x7#kQ9vLm2pZ'],
    ['128 characters', 'x7#kQ9vLm2pZ?rT4'.repeat(8)],
    ['12 characters beyond the first plane', '😀😁😂🤣😃😄😅😆😉😊😋😎'],
    ['blanks around and a line break', '  spaces and \n break  '],
  ])('sign in as they were registered: %s', async (_, password) => {
    const account = newAccount({ password });
    const answer = await api.post('/v1/users', { json: account });
    expect(answer.status).toBe(201);
    await signIn(api, answer.json as Awaited<ReturnType<typeof storeUser>>, password);
  });

  it('never come back', async () => {
    const answer = await register();
    expect(answer.text).not.toContain(PASSWORD);
    expect(answer.text).not.toContain('argon2');
  });
});

describe('registration that is switched off', () => {
  it('is refused whoever asks, and stores nothing', async () => {
    const closed = await startTestApp({ env: { STOCKROOM_REGISTRATION_ENABLED: 'false' } });
    try {
      const before = await storedRows(closed.db.owner);
      const answer = await closed.stranger.post('/v1/users', { json: newAccount() });
      expectRefused(answer, 403, 'registration-disabled');
      expect((await storedRows(closed.db.owner))['users']).toEqual(before['users']);
    } finally {
      await closed.close();
    }
  });
});
