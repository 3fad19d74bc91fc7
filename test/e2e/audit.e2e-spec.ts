import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiAnswer } from '../support/api-client.js';
import { PERSONA_PASSWORD } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const EVENTS = '/v1/audit-events';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Event {
  readonly id: string;
  readonly createdAt: string;
  readonly action: string;
  readonly outcome: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly target: { readonly type: string; readonly id: string } | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const eventsIn = (answer: ApiAnswer): readonly Event[] => (answer.json as { data: Event[] }).data;

async function events(query: Record<string, string | number> = {}): Promise<readonly Event[]> {
  return eventsIn(await app.api.get(EVENTS, { query }));
}

async function signIn(
  login: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  return app.stranger.post('/v1/sessions', { json: { login, password }, headers });
}

describe('the audit log', () => {
  it('tells of a sign-in who, what, when, from where and how it ended', async () => {
    const user = await app.signedIn('USER');
    const before = Date.now();
    const headers = { 'user-agent': 'curl/8.5', 'x-request-id': 'find-me' };
    const { json } = await signIn(user.email, PERSONA_PASSWORD, headers);
    const [event] = await events({ userId: user.userId, action: 'session.signed-in' });
    expect(event).toEqual({
      id: expect.stringMatching(UUID),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      action: 'session.signed-in',
      outcome: 'success',
      userId: user.userId,
      sessionId: (json as { id: string }).id,
      target: null,
      address: '127.0.0.1',
      userAgent: 'curl/8.5',
      requestId: 'find-me',
      details: null,
    });
    // The database and this process are on one machine.
    expect(Math.abs(Date.parse(event?.createdAt ?? '') - before)).toBeLessThan(60_000);
  });

  it('tells of wrong passwords, and of what a role may not have', async () => {
    const user = await app.signedIn('USER');
    await signIn(user.email, 'quite another password', { 'x-request-id': 'wrong-one' });
    const failures = await events({ action: 'session.signed-in', outcome: 'failure' });
    expect(failures[0]).toMatchObject({ userId: null, requestId: 'wrong-one' });
    await user.api.post('/v1/stocks', { json: { symbol: 'MINE' } });
    expect(await events({ userId: user.userId, outcome: 'refused' })).toEqual([
      expect.objectContaining({
        action: 'access.refused',
        target: { type: 'route', id: 'POST /v1/stocks' },
        sessionId: user.sessionId,
      }),
    ]);
  });

  it('holds no password, token, email or name, whatever was typed where', async () => {
    const user = await app.signedIn('USER');
    const typed = 'my-password-in-the-login-field';
    await signIn(typed, PERSONA_PASSWORD);
    await signIn(user.email, typed);
    const { json } = await signIn(user.username, PERSONA_PASSWORD);
    const { token } = json as { token: string };
    await app.stranger.as(token).delete('/v1/sessions/current');
    await app.stranger.as(token).get('/v1/sessions');
    const { text } = await app.api.get(EVENTS, { query: { limit: 500 } });
    expect(text).toContain(user.userId);
    for (const secret of [typed, PERSONA_PASSWORD, token, token.split('.')[1], user.email, user.username]) {
      expect(text).not.toContain(secret);
    }
  });

  it('keeps what a client says of itself as one value', async () => {
    const user = await app.signedIn('USER');
    const userAgent = `x","action":"user.erased","y":"\t' or 1=1 -- ${'z'.repeat(600)}`;
    await signIn(user.email, PERSONA_PASSWORD, { 'user-agent': userAgent });
    const [event, ...others] = await events({ userId: user.userId });
    expect(others).toEqual([]);
    expect(event).toMatchObject({ action: 'session.signed-in', userAgent: userAgent.slice(0, 512) });
  });

  it('is read in pages, newest first, each event once, while new ones arrive', async () => {
    const user = await app.signedIn('USER');
    for (let index = 0; index < 7; index++) await user.api.post('/v1/stocks', { json: { symbol: 'MINE' } });
    const seen: Event[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = {
        userId: user.userId,
        limit: '3',
        ...(cursor === null ? {} : { cursor }),
      };
      const page: ApiAnswer = await app.api.get(EVENTS, { query });
      seen.push(...eventsIn(page));
      cursor = (page.json as { nextCursor: string | null }).nextCursor;
      expect(page.headers.get('link') === null).toBe(cursor === null);
      await user.api.post('/v1/stocks', { json: { symbol: 'MINE' } });
    } while (cursor !== null);
    expect(seen).toHaveLength(7);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(7);
    const times = seen.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort((a, b) => (a < b ? 1 : -1)));
  });

  it('is asked by time: from an instant, before another', async () => {
    const user = await app.signedIn('USER');
    await user.api.post('/v1/stocks', { json: { symbol: 'MINE' } });
    const [event] = await events({ userId: user.userId });
    const at = Date.parse(event?.createdAt ?? '');
    const instant = (ms: number): string => new Date(at + ms).toISOString();
    const found = async (query: Record<string, string>): Promise<number> =>
      (await events({ userId: user.userId, ...query })).length;
    expect(await found({ from: instant(0) })).toBe(1);
    expect(await found({ from: instant(1) })).toBe(0);
    expect(await found({ to: instant(0) })).toBe(0);
    expect(await found({ from: instant(0), to: instant(1) })).toBe(1);
    expect(await found({ from: instant(0).replace('Z', '+00:00') })).toBe(1);
  });
});

describe('who asks for the audit log', () => {
  it('is an administrator, or is refused', async () => {
    const admin = await app.signedIn('ADMIN');
    expect((await admin.api.get(EVENTS)).status).toBe(200);
    const user = await app.signedIn('USER');
    expectRefused(await user.api.get(EVENTS), 403, 'forbidden');
    expect((await app.stranger.get(EVENTS)).status).toBe(401);
    expect((await app.visitor().get(EVENTS)).status).toBe(401);
  });

  it.each([
    ['an unknown action', { action: 'user.promoted' }],
    ['an unknown outcome', { outcome: 'maybe' }],
    ['a user id that is none', { userId: 'ann' }],
    ['a day for an instant', { from: '2026-01-01' }],
    ['an instant that the database does not read', { to: '9999-12-31T23:59:59-14:00' }],
    ['an unknown filter', { address: '127.0.0.1' }],
    ['a page too long', { limit: 501 }],
  ] as const)('learns what is wrong with %s', async (_what, query) => {
    expectRefused(
      await app.api.get(EVENTS, { query: query as Record<string, string> }),
      400,
      'validation-failed',
    );
  });

  it('cannot use the cursor of another query, nor a changed one', async () => {
    const user = await app.signedIn('USER');
    for (let index = 0; index < 2; index++) await user.api.post('/v1/stocks', { json: { symbol: 'MINE' } });
    const { nextCursor } = (await app.api.get(EVENTS, { query: { limit: 1 } })).json as {
      nextCursor: string;
    };
    const others: Record<string, string>[] = [
      { limit: '1', cursor: nextCursor, outcome: 'failure' },
      { limit: '1', cursor: `${nextCursor.slice(0, -2)}xx` },
    ];
    for (const query of others) expectRefused(await app.api.get(EVENTS, { query }), 400, 'invalid-cursor');
  });
});
