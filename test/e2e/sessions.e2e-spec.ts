import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../support/api-client.js';
import { openSession, type Persona } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Opened {
  readonly id: string;
  readonly token: string;
  readonly userId: string;
  readonly expiresAt: string;
  readonly idleExpiresAt: string;
}

interface Listed {
  readonly data: readonly {
    readonly id: string;
    readonly current: boolean;
    readonly userAgent: string | null;
  }[];
  readonly nextCursor: string | null;
}

let app: TestApp;
let user: Persona;
beforeAll(async () => {
  app = await startTestApp();
  user = await app.signedIn('USER');
});
afterAll(() => app.close());

async function signIn(person: Persona, login = person.email): Promise<Opened> {
  const answer = await app.stranger.post('/v1/sessions', { json: { login, password: person.password } });
  expect(answer.status).toBe(201);
  return answer.json as Opened;
}

/** One more session of a person, without a password to compute. */
async function another(person: Persona): Promise<{ readonly id: string; readonly api: ApiClient }> {
  const { id, token } = await openSession(app.app, person.userId);
  return { id, api: app.stranger.as(token) };
}

const statusOf = async (api: ApiClient): Promise<number> => (await api.get('/v1/sessions/current')).status;

async function eventsOf(userId: string): Promise<readonly string[]> {
  const sql = 'select action, outcome from audit_events where user_id = $1 order by id';
  const rows = await asOwner<{ action: string; outcome: string }>(app.db, sql, [userId]);
  return rows.map(({ action, outcome }) => `${action} ${outcome}`);
}

describe('signing in', () => {
  it('takes an email or a username, in any case', async () => {
    for (const login of [user.email, user.username, user.email.toUpperCase(), user.username.toUpperCase()]) {
      const opened = await signIn(user, login);
      expect(opened.userId).toBe(user.userId);
      expect(await statusOf(app.stranger.as(opened.token))).toBe(200);
    }
  });

  it('answers when the session ends, used or not', async () => {
    const opened = await signIn(user);
    const days = (instant: string): number => Math.round((Date.parse(instant) - Date.now()) / 86_400_000);
    expect([days(opened.idleExpiresAt), days(opened.expiresAt)]).toEqual([7, 30]);
  });

  it('refuses a wrong password, an unknown login and a person switched off by one answer', async () => {
    const off = await app.signedIn('USER');
    await asOwner(app.db, 'update users set is_active = false where id = $1', [off.userId]);
    const bodies: string[] = [];
    for (const json of [
      { login: user.email, password: 'not the password at all' },
      { login: 'nobody@example.com', password: user.password },
      { login: off.email, password: off.password },
      { login: user.email, password: 'x' },
    ]) {
      const answer = await app.stranger.post('/v1/sessions', { json });
      expectRefused(answer, 401, 'sign-in-failed');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.headers.get('set-cookie')).toBeNull();
      bodies.push(JSON.stringify({ ...(answer.json as object), instance: '' }));
    }
    expect(new Set(bodies).size).toBe(1);
  });

  it.each([
    ['no password', { login: 'a@example.com' }],
    ['an empty password', { login: 'a@example.com', password: '' }],
    ['a password of 10,000 characters', { login: 'a@example.com', password: 'x'.repeat(10_000) }],
    ['an empty login', { login: '', password: 'long enough to be one' }],
    ['a login of 10,000 characters', { login: 'x'.repeat(10_000), password: 'long enough to be one' }],
    ['U+0000', { login: 'a@example.com', password: 'long enough \0 to be one' }],
    ['a member that nobody asked for', { login: 'a@example.com', password: 'x', role: 'ADMIN' }],
    ['a login that is no text', { login: { $ne: null }, password: 'x' }],
    ['a list', []],
  ])('refuses a body with %s as malformed', async (_what, json) => {
    expect((await app.stranger.post('/v1/sessions', { json })).status).toBe(400);
  });

  it('works with a token that died, and gives a new one: what was there before is worth nothing', async () => {
    const dead = await another(user);
    await dead.api.delete('/v1/sessions/current');
    const answer = await dead.api.post('/v1/sessions', {
      json: { login: user.email, password: user.password },
    });
    expect(answer.status).toBe(201);
    const { token, id } = answer.json as Opened;
    expect(id).not.toBe(dead.id);
    expect([await statusOf(dead.api), await statusOf(app.stranger.as(token))]).toEqual([401, 200]);
  });

  it('is written to the audit log, and so is what failed, without the login', async () => {
    const person = await app.signedIn('USER');
    await signIn(person);
    await app.stranger.post('/v1/sessions', { json: { login: person.email, password: 'wrong, surely' } });
    expect(await eventsOf(person.userId)).toEqual(['session.signed-in success']);
    const failed = await asOwner(
      app.db,
      `select * from audit_events where outcome = 'failure' and user_id is null and target_id = $1`,
      [person.userId],
    );
    expect(failed).toHaveLength(1);
    expect(JSON.stringify(failed)).not.toContain(person.email);
  });
});

describe('a token', () => {
  it.each([
    ['nothing', ''],
    ['no scheme', 'abc'],
    ['another scheme', 'Basic dXNlcjpwYXNzd29yZA=='],
    ['an empty token', 'Bearer '],
    ['10 KB', `Bearer ${'a'.repeat(10_240)}`],
    ['a JSON web token', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
    ['two tokens', 'Bearer a b'],
  ])('that is %s is refused', async (_what, authorization) => {
    const answer = await app.stranger.get('/v1/stocks', { headers: { authorization } });
    expectRefused(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('is refused when any character of it is another, or missing', async () => {
    const { token } = user;
    const changed = [...token].map((character, at) => {
      const other = character === 'A' ? 'B' : 'A';
      return `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
    });
    for (const text of [...changed, token.slice(0, -1), token.slice(1), `${token}A`])
      expect(await statusOf(app.stranger.as(text))).toBe(401);
    expect(await statusOf(user.api)).toBe(200);
  });

  it('with the id of one session and the secret of another is refused', async () => {
    const other = await app.signedIn('ADMIN');
    const mixed = `${user.token.split('.')[0]}.${other.token.split('.')[1]}`;
    expect(await statusOf(app.stranger.as(mixed))).toBe(401);
  });

  it('that is worth nothing does not fall back to the visitor beside it', async () => {
    const visitor = app.visitor();
    expect((await visitor.get('/v1/stocks')).status).toBe(200);
    const headers = { authorization: `Bearer ${[...user.token].toReversed().join('')}` };
    expectRefused(await visitor.get('/v1/stocks', { headers }), 401, 'unauthenticated');
  });

  it('is not looked at where nobody has to say who they are', async () => {
    const headers = { authorization: 'Bearer nonsense', cookie: 'stockroom_session=a; stockroom_session=b' };
    expect((await app.stranger.get('/livez', { headers })).status).toBe(200);
  });
});

describe('the sessions of a person', () => {
  it('are listed newest first, in pages, with the one that asks marked; nobody else’s among them', async () => {
    const person = await app.signedIn('USER');
    const ids = [person.sessionId];
    for (let count = 0; count < 4; count++) ids.unshift((await another(person)).id);
    const seen: Listed['data'][number][] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string | number> = cursor === null ? { limit: 2 } : { limit: 2, cursor };
      const answer = await person.api.get('/v1/sessions', { query });
      const page = answer.json as Listed;
      expect(answer.headers.get('link') === null).toBe(page.nextCursor === null);
      seen.push(...page.data);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen.map(({ id }) => id)).toEqual(ids);
    expect(seen.filter(({ current }) => current).map(({ id }) => id)).toEqual([person.sessionId]);
  });

  it('cannot be paged through with somebody else’s cursor', async () => {
    const person = await app.signedIn('USER');
    await another(person);
    const { nextCursor } = (await person.api.get('/v1/sessions', { query: { limit: 1 } })).json as Listed;
    const answer = await user.api.get('/v1/sessions', { query: { limit: 1, cursor: nextCursor ?? '' } });
    expectRefused(answer, 400, 'invalid-cursor');
  });

  it('say where they came from, the user agent cut to 512 characters', async () => {
    const headers = { 'user-agent': `agent ${'x'.repeat(600)}` };
    const json = { login: user.email, password: user.password };
    const { token } = (await app.stranger.post('/v1/sessions', { json, headers })).json as Opened;
    const current = (await app.stranger.as(token).get('/v1/sessions/current')).json;
    expect(current).toMatchObject({
      userAgent: headers['user-agent'].slice(0, 512),
      ip: '127.0.0.1',
      userId: user.userId,
      role: 'USER',
      current: true,
    });
  });

  it('end one by one, also the one that asks; ended twice, one is missing', async () => {
    const person = await app.signedIn('USER');
    const other = await another(person);
    expect((await person.api.delete(`/v1/sessions/${other.id}`)).status).toBe(204);
    expect(await statusOf(other.api)).toBe(401);
    expectRefused(await person.api.delete(`/v1/sessions/${other.id}`), 404, 'session-not-found');
    expect((await person.api.delete(`/v1/sessions/${person.sessionId}`)).status).toBe(204);
    expect(await statusOf(person.api)).toBe(401);
    expect(await eventsOf(person.userId)).toEqual(['session.ended success', 'session.signed-out success']);
  });

  it('cannot be ended by others, for whom they are not there', async () => {
    const person = await app.signedIn('USER');
    const foreign = await user.api.delete(`/v1/sessions/${person.sessionId}`);
    const missing = await user.api.delete('/v1/sessions/01a1fdad-0e17-7353-affa-8f9c037b02c5');
    expectRefused(foreign, 404, 'session-not-found');
    const bare = ({ json }: { json: unknown }): object => ({ ...(json as object), instance: '' });
    expect(bare(foreign)).toEqual(bare(missing));
    expect(await statusOf(person.api)).toBe(200);
    expect((await user.api.delete('/v1/sessions/not-a-uuid')).status).toBe(400);
  });

  it('end all but the one that asks', async () => {
    const person = await app.signedIn('USER');
    const others = [await another(person), await another(person)];
    expect((await person.api.delete('/v1/sessions')).status).toBe(204);
    expect(await Promise.all([person.api, ...others.map(({ api }) => api)].map(statusOf))).toEqual([
      200, 401, 401,
    ]);
    expect(await statusOf(user.api)).toBe(200);
  });

  it('end with signing out', async () => {
    const person = await app.signedIn('USER');
    expect((await person.api.delete('/v1/sessions/current')).status).toBe(204);
    expect(await statusOf(person.api)).toBe(401);
  });
});

describe('a rotation', () => {
  it('gives the same session another token, and the old one stops working', async () => {
    const person = await app.signedIn('USER');
    const before = (await person.api.get('/v1/sessions/current')).json;
    const answer = await person.api.post('/v1/sessions/current/rotate');
    const rotated = answer.json as Opened;
    expect(rotated).toMatchObject({ id: person.sessionId, userId: person.userId });
    expect(rotated.token).not.toBe(person.token);
    const after = app.stranger.as(rotated.token);
    expect([await statusOf(person.api), await statusOf(after)]).toEqual([401, 200]);
    expect((await after.get('/v1/sessions/current')).json).toEqual(before);
  });

  it('wins once of twenty at the same time', async () => {
    const person = await app.signedIn('USER');
    const rotations = Array.from({ length: 20 }, () => person.api.post('/v1/sessions/current/rotate'));
    const answers = await Promise.all(rotations);
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
    const [token] = won.map(({ json }) => (json as Opened).token);
    expect(await statusOf(app.stranger.as(token ?? ''))).toBe(200);
    expect(await eventsOf(person.userId)).toEqual(['session.rotated success']);
  });
});

describe('a role', () => {
  it('counts from the next request on, and what it may not do is refused and written down', async () => {
    const person = await app.signedIn('USER');
    const track = (): Promise<{ status: number }> =>
      person.api.post('/v1/stocks', { json: { symbol: `R${person.username.slice(-6)}`.toUpperCase() } });
    expectRefused(await person.api.get('/health'), 403, 'forbidden');
    expect((await track()).status).toBe(403);
    expect(await eventsOf(person.userId)).toEqual(['access.refused refused', 'access.refused refused']);
    await asOwner(app.db, `update users set role = 'ADMIN' where id = $1`, [person.userId]);
    expect((await track()).status).toBe(201);
    await asOwner(app.db, `update users set role = 'USER' where id = $1`, [person.userId]);
    expect((await track()).status).toBe(403);
  });
});
