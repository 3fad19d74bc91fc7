import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../src/database/direct-connection.js';
import type { ApiClient } from '../support/api-client.js';
import type { Persona } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Opened {
  readonly id: string;
  readonly token: string;
  readonly userId: string;
  readonly expiresAt: string;
  readonly idleExpiresAt: string;
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

async function asOwner(sql: string): Promise<void> {
  await withConnection(app.db.owner, (client) => client.query(sql));
}

const isIn = async (api: ApiClient): Promise<number> => (await api.get('/v1/sessions/current')).status;

describe('signing in', () => {
  it('takes an email or a username, in any case', async () => {
    for (const login of [user.email, user.username, user.email.toUpperCase(), user.username.toUpperCase()]) {
      const opened = await signIn(user, login);
      expect(opened.userId).toBe(user.userId);
      expect(await isIn(app.stranger.as(opened.token))).toBe(200);
    }
  });

  it('answers when the session ends, used or not', async () => {
    const opened = await signIn(user);
    const days = (instant: string): number => Math.round((Date.parse(instant) - Date.now()) / 86_400_000);
    expect([days(opened.idleExpiresAt), days(opened.expiresAt)]).toEqual([7, 30]);
  });

  it('refuses a wrong password, an unknown login and a person switched off by one answer', async () => {
    const off = await app.signedIn('USER');
    await asOwner(`update users set is_active = false where id = '${off.userId}'`);
    const attempts = [
      { login: user.email, password: 'not the password at all' },
      { login: 'nobody@example.com', password: user.password },
      { login: off.email, password: off.password },
      { login: user.email, password: 'x' },
    ];
    const bodies = [];
    for (const json of attempts) {
      const answer = await app.stranger.post('/v1/sessions', { json });
      expectRefused(answer, 401, 'sign-in-failed');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.headers.get('set-cookie')).toBeNull();
      bodies.push({ ...(answer.json as object), instance: '' });
    }
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });
});
