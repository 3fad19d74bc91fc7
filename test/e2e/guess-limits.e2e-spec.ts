import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiAnswer } from '../support/api-client.js';
import { PERSONA_PASSWORD } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
beforeAll(async () => {
  // A proxy whose word counts: so each test can come from an address of its own.
  const env = { TRUSTED_PROXIES: '127.0.0.1', STOCKROOM_SIGN_IN_FAILURES_PER_ADDRESS: '10' };
  service = await startTestApp({ env });
});
afterAll(() => service.close());
const app = (): TestApp => service;

const from = (address: string): { headers: { 'x-forwarded-for': string } } => ({
  headers: { 'x-forwarded-for': address },
});
const signIn = (login: string, address: string, password = PERSONA_PASSWORD): Promise<ApiAnswer> =>
  app().stranger.post('/v1/sessions', { ...from(address), json: { login, password } });
/** Guesses, wrong each time. */
const guess = (login: string, address: string): Promise<ApiAnswer> =>
  signIn(login, address, 'not the password');

describe('limits on guesses', () => {
  it('an account has one budget, by email, by username and in a change of password', async () => {
    const { email, username, api: own } = await app().signedIn('USER');
    const statuses = [];
    for (const login of [email, username, email.toUpperCase(), ` ${username}`])
      statuses.push((await guess(login, '192.0.2.5')).status);
    const json = { currentPassword: 'not the password', newPassword: 'a new one that is long' };
    const change = (): Promise<ApiAnswer> =>
      own.put('/v1/users/me/password', { json, headers: from('192.0.2.5').headers });
    statuses.push((await change()).status);
    expect(statuses).toEqual([401, 401, 401, 401, 422]);
    expectRefused(await change(), 429, 'too-many-attempts');
    expectRefused(await guess(username, '192.0.2.5'), 429, 'too-many-attempts');
  });

  it('many wrong passwords hold up neither who signed in from there before nor who is signed in', async () => {
    const [known, signedIn, fresh] = [
      await app().signedIn('USER'),
      await app().signedIn('USER'),
      await app().signedIn('USER'),
    ];
    expect((await signIn(known.email, '192.0.2.6')).status).toBe(201);
    for (let index = 0; index < 10; index++) await guess(`nobody-${index}@example.com`, '192.0.2.6');
    for (const login of ['one', 'two', 'three', 'four']) {
      const { headers } = await guess(login, '192.0.2.6');
      await sleep(Number(headers.get('retry-after') ?? 0) * 1_000);
      await guess(login, '192.0.2.6');
    }
    const refusal = await signIn(fresh.email, '192.0.2.6');
    expectRefused(refusal, 429, 'too-many-attempts');
    expect(Number(refusal.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await signIn(known.username, '192.0.2.6')).status).toBe(201);
    const json = { currentPassword: PERSONA_PASSWORD, newPassword: 'another battery, staple' };
    const changed = await signedIn.api.put('/v1/users/me/password', {
      json,
      headers: from('192.0.2.6').headers,
    });
    expect(changed.status).toBe(204);
  });
});
