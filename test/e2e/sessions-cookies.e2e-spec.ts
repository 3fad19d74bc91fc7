import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiAnswer } from '../support/api-client.js';
import type { Persona } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const FRIEND = 'https://app.example.com';
/** What a proxy with TLS says of a browser's request; this machine is a trusted proxy here. */
const OVER_TLS = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'stock.example.com' };

let app: TestApp;
let user: Persona;
beforeAll(async () => {
  app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1', CORS_ORIGINS: FRIEND } });
  user = await app.signedIn('USER');
});
afterAll(() => app.close());

const signIn = (headers: Readonly<Record<string, string>> = {}): Promise<ApiAnswer> =>
  app.stranger.post('/v1/sessions', { json: { login: user.email, password: user.password }, headers });

/** A write that changes nothing: there is never another session to end. */
const write = (headers: Readonly<Record<string, string>>): Promise<ApiAnswer> =>
  app.stranger.delete('/v1/sessions/01a1fdad-0e17-7353-affa-8f9c037b02c5', { headers });
const PASSED = { status: 404, code: 'session-not-found' };
const outcome = ({ status, json }: ApiAnswer): object => ({ status, code: (json as { code: string }).code });

describe('the session cookie', () => {
  it('is HttpOnly, strict about sites, for the whole host and as long as the session', async () => {
    const answer = await signIn();
    const { token, expiresAt } = answer.json as { token: string; expiresAt: string };
    const parts = (answer.headers.get('set-cookie') ?? '').split('; ');
    const expires = new Date(expiresAt).toUTCString();
    expect(parts.toSorted()).toEqual(
      [
        `stockroom_session=${token}`,
        'HttpOnly',
        'Path=/',
        'SameSite=Strict',
        `Expires=${expires}`,
      ].toSorted(),
    );
  });

  it('is Secure and bound to the host where a trusted proxy says that there is TLS', async () => {
    const cookie = (await signIn(OVER_TLS)).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^__Host-stockroom_session=[^;]+;/);
    expect(cookie.split('; ')).toEqual(
      expect.arrayContaining(['Secure', 'HttpOnly', 'Path=/', 'SameSite=Strict']),
    );
    expect(cookie).not.toMatch(/domain/i);
  });

  it('is what a browser reads with', async () => {
    const reads: readonly Record<string, string>[] = [
      { cookie: `stockroom_session=${user.token}` },
      { cookie: `theme=dark; stockroom_session=${user.token}; other=1` },
      { ...OVER_TLS, cookie: `__Host-stockroom_session=${user.token}` },
    ];
    for (const headers of reads) {
      const answer = await app.stranger.get('/v1/sessions/current', { headers });
      expect(answer.json).toMatchObject({ userId: user.userId });
    }
  });

  it('under the name for plain HTTP is nothing over TLS, where a sibling site could have planted it', async () => {
    const headers = { ...OVER_TLS, cookie: `stockroom_session=${user.token}` };
    expectRefused(await app.stranger.get('/v1/sessions', { headers }), 401, 'unauthenticated');
  });

  it('must not be there twice', async () => {
    const cookie = `stockroom_session=${user.token}; stockroom_session=${user.token}`;
    expectRefused(await app.stranger.get('/v1/sessions', { headers: { cookie } }), 400, 'ambiguous-cookies');
  });

  it('gives way to Authorization, good or bad', async () => {
    const cookie = `stockroom_session=${user.token}`;
    const asked = (authorization: string): Promise<ApiAnswer> =>
      app.stranger.get('/v1/sessions/current', { headers: { cookie, authorization } });
    expect((await asked(`Bearer ${app.admin.token}`)).json).toMatchObject({ userId: app.admin.userId });
    expectRefused(await asked('Bearer nonsense'), 401, 'unauthenticated');
  });

  it.each(['', 'x', 'x'.repeat(10_000), '"quoted"', '%00'])('is refused as %p', async (text) => {
    const headers = { cookie: `stockroom_session=${text}` };
    expectRefused(await app.stranger.get('/v1/sessions', { headers }), 401, 'unauthenticated');
  });

  it('is renewed by a rotation and taken away by signing out', async () => {
    const { token } = (await signIn()).json as { token: string };
    const headers = { cookie: `stockroom_session=${token}`, origin: app.url };
    const rotated = await app.stranger.post('/v1/sessions/current/rotate', { headers });
    const { token: next } = rotated.json as { token: string };
    expect(rotated.headers.get('set-cookie')).toContain(`stockroom_session=${next};`);
    const out = { cookie: `stockroom_session=${next}`, origin: app.url };
    const answer = await app.stranger.delete('/v1/sessions/current', { headers: out });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^stockroom_session=; Max-Age=0;.*Expires=Thu, 01 Jan 1970/,
    );
  });
});

describe('a write with the cookie', () => {
  const foreign: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['of another site', { origin: 'https://evil.example' }],
    ['of no site', {}],
    ['of a page without an origin', { origin: 'null' }],
    ['of the same host over TLS', { origin: 'https://stock.example.com' }],
    ['of another port', { origin: 'http://127.0.0.1:1' }],
    ['of a longer name', { origin: `${FRIEND}.evil.example` }],
    ['of another site that the browser names', { 'sec-fetch-site': 'cross-site' }],
    ['of a sibling that the browser names', { 'sec-fetch-site': 'same-site' }],
    ['with two origins', { origin: `${FRIEND} https://evil.example` }],
  ];

  it.each(foreign)('is refused when it is %s', async (_what, headers) => {
    const answer = await write({ cookie: `stockroom_session=${user.token}`, ...headers });
    expectRefused(answer, 403, 'foreign-origin');
  });

  it('is let through from the service’s own pages and from those that it was told to trust', async () => {
    const cookie = `stockroom_session=${user.token}`;
    const trusted: readonly Record<string, string>[] = [
      { origin: app.url },
      { origin: FRIEND },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of trusted) expect(outcome(await write({ cookie, ...headers }))).toEqual(PASSED);
    const secure = { ...OVER_TLS, cookie: `__Host-stockroom_session=${user.token}` };
    expect(outcome(await write({ ...secure, origin: 'https://stock.example.com' }))).toEqual(PASSED);
    expectRefused(await write({ ...secure, origin: 'http://stock.example.com' }), 403, 'foreign-origin');
  });

  it('is nothing that a token in Authorization is asked for', async () => {
    for (const [, headers] of foreign)
      expect(outcome(await write({ authorization: `Bearer ${user.token}`, ...headers }))).toEqual(PASSED);
  });

  it('may not even sign in when another site asks: it would choose who one is', async () => {
    expectRefused(await signIn({ origin: 'https://evil.example' }), 403, 'foreign-origin');
    expect((await signIn({ origin: FRIEND })).status).toBe(201);
  });
});

describe('browsers on other sites', () => {
  it('may read answers with credentials from the origins named, and from no other', async () => {
    const ask = (origin: string): Promise<ApiAnswer> =>
      app.stranger.get('/v1/sessions/current', {
        headers: { origin, authorization: `Bearer ${user.token}` },
      });
    const { headers } = await ask(FRIEND);
    expect(headers.get('access-control-allow-origin')).toBe(FRIEND);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).not.toBe(
      'https://evil.example',
    );
  });
});

describe('every answer about somebody', () => {
  it('is not kept by anybody, and is read as what it is', async () => {
    const answers = [
      await signIn(),
      await user.api.get('/v1/sessions'),
      await app.stranger.get('/v1/sessions'),
      await write({ cookie: `stockroom_session=${user.token}` }),
    ];
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('strict-transport-security')).toContain('max-age=31536000');
      expect(headers.get('x-request-id')).not.toBeNull();
    }
  });
});

describe('the cookie by configuration', () => {
  it('is Secure everywhere with always, and the origin has TLS', async () => {
    const secure = await startTestApp({ beside: app, env: { STOCKROOM_SESSION_COOKIE: 'always' } });
    try {
      const json = { login: user.email, password: user.password };
      const answer = await secure.stranger.post('/v1/sessions', { json });
      expect(answer.headers.get('set-cookie')).toMatch(/^__Host-stockroom_session=.*; Secure/);
      const headers = { cookie: `__Host-stockroom_session=${user.token}`, origin: secure.url };
      const path = '/v1/sessions/01a1fdad-0e17-7353-affa-8f9c037b02c5';
      expectRefused(await secure.stranger.delete(path, { headers }), 403, 'foreign-origin');
      const overTls = { ...headers, origin: secure.url.replace('http:', 'https:') };
      expect(outcome(await secure.stranger.delete(path, { headers: overTls }))).toEqual(PASSED);
    } finally {
      await secure.close();
    }
  });

  it('is not believed of a proxy that nobody named', async () => {
    const plain = await startTestApp({ beside: app });
    try {
      const json = { login: user.email, password: user.password };
      const answer = await plain.stranger.post('/v1/sessions', { json, headers: OVER_TLS });
      expect(answer.headers.get('set-cookie')).toMatch(/^stockroom_session=/);
      const headers = {
        ...OVER_TLS,
        cookie: `stockroom_session=${user.token}`,
        origin: 'https://stock.example.com',
      };
      expectRefused(await plain.stranger.delete('/v1/sessions', { headers }), 403, 'foreign-origin');
    } finally {
      await plain.close();
    }
  });
});
