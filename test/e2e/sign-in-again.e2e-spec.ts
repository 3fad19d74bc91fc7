import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../support/api-client.js';
import { newAccount } from '../factories/users.js';
import { openSession, type Persona } from '../support/personas.js';

import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const statusOf = async (api: ApiClient): Promise<number> => (await api.get('/v1/sessions/current')).status;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const cookie = (token: string): Record<string, string> => ({ cookie: `stockroom_session=${token}` });

/** Two ways to a new session, both showing what is in `headers`. **Shape**: the token. */
const WAYS: readonly [string, (headers: Record<string, string>) => Promise<string>][] = [
  [
    'a sign-in',
    async (headers) => {
      const { email: login, password } = await app.signedIn('USER');
      const answer = await app.stranger.post('/v1/sessions', { json: { login, password }, headers });
      return (answer.json as { token: string }).token;
    },
  ],
  [
    'a registration with a session',
    async (headers) => {
      const call = { json: newAccount(), query: { session: true }, headers };
      const answer = await app.stranger.post('/v1/users', call);
      return (answer.json as { session: { token: string } }).session.token;
    },
  ],
];

describe.each(WAYS)('%s', (_way, open) => {
  it.each([
    ['Authorization', bearer],
    ['the cookie', cookie],
  ])('ends the session shown in %s, whoever’s it is', async (_where, show) => {
    const before = await app.signedIn('USER');
    const token = await open(show(before.token));
    expect([await statusOf(before.api), await statusOf(app.stranger.as(token))]).toEqual([401, 200]);
  });

  it('ends both when both are shown', async () => {
    const [one, two] = [await app.signedIn('USER'), await app.signedIn('USER')];
    await open({ ...bearer(one.token), ...cookie(two.token) });
    expect([await statusOf(one.api), await statusOf(two.api)]).toEqual([401, 401]);
  });

  it('ends nothing whose secret does not fit, and no other session of the same person', async () => {
    const before = await app.signedIn('USER');
    const other = await openSession(app.app, before.userId);
    const mixed = `${before.token.split('.')[0]}.${other.token.split('.')[1]}`;
    await open(bearer(mixed));
    expect([await statusOf(before.api), await statusOf(app.stranger.as(other.token))]).toEqual([200, 200]);
    await open(bearer(before.token));
    expect(await statusOf(app.stranger.as(other.token))).toBe(200);
  });

  it('takes what cannot be a token, and two cookies, for nothing', async () => {
    const shown: readonly Record<string, string>[] = [
      { authorization: 'Basic abc' },
      { cookie: 'stockroom_session=nonsense' },
      { cookie: 'stockroom_session=a; stockroom_session=b' },
    ];
    for (const headers of shown) {
      expect(await statusOf(app.stranger.as(await open(headers)))).toBe(200);
    }
  });
});

it('a sign-in that fails ends nothing', async () => {
  const before: Persona = await app.signedIn('USER');
  const json = { login: before.email, password: 'not the password at all' };
  expect((await before.api.post('/v1/sessions', { json })).status).toBe(401);
  expect(await statusOf(before.api)).toBe(200);
});
