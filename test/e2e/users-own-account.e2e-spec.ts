import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../src/database/direct-connection.js';
import { freshName, isSignedIn, PASSWORD, signIn, storeUser, type SignedInUser } from '../factories/users.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const NEW_PASSWORD = 'another 7 words of no use';

let service: TestApp;
let api: ApiClient;
/** For tests after which nothing is different. */
let somebody: SignedInUser;

beforeAll(async () => {
  service = await startTestApp();
  api = service.stranger;
  somebody = await newPerson();
});
afterAll(() => service.close());

const newPerson = async (): Promise<SignedInUser> => signIn(api, await storeUser(service.db.owner));
const changePassword = async (by: SignedInUser, json: unknown): Promise<ApiAnswer> =>
  api.put('/v1/users/me/password', { json, headers: by.headers });
const changeSettings = async (by: SignedInUser, json: unknown): Promise<ApiAnswer> =>
  api.patch('/v1/users/me/settings', { json, headers: by.headers });

async function outcomes(userId: string, action: string): Promise<readonly string[]> {
  return withConnection(service.db.owner, async (client) => {
    const { rows } = await client.query<{ outcome: string }>(
      'select outcome from audit_events where target_id = $1 and action = $2 order by id',
      [userId, action],
    );
    return rows.map(({ outcome }) => outcome);
  });
}

describe('oneself', () => {
  it('is read and changed under `me`', async () => {
    const person = await newPerson();
    const username = freshName();
    const changed = await api.patch('/v1/users/me', {
      json: { username, email: `${username}@example.net` },
      headers: { ...person.headers, 'if-match': '"1"' },
    });
    expect(changed.json).toMatchObject({ id: person.id, username, email: `${username}@example.net` });
    const read = await api.get('/v1/users/me', { headers: person.headers });
    expect([read.json, read.headers.get('etag')]).toEqual([changed.json, '"2"']);
    expect(await isSignedIn(api, await signIn(api, { ...person, email: username }))).toBe(true);
  });

  it.each([{ role: 'ADMIN' }, { role: 'USER' }, { isActive: false }, { isActive: true }])(
    'has no say in %j',
    async (body) => {
      const answer = await api.patch('/v1/users/me', { json: body, headers: somebody.headers });
      expectRefused(answer, 403, 'role-too-low');
      expect(await isSignedIn(api, somebody)).toBe(true);
    },
  );

  it('is nobody without a session, and nobody for a visitor', async () => {
    const visitor = { 'x-session-id': 'c56a4180-65aa-42ec-a945-5fd21dec0538' };
    for (const path of ['/v1/users/me', '/v1/users/me/settings']) {
      expect((await api.get(path)).status).toBe(401);
      expect((await api.get(path, { headers: visitor })).status).toBe(401);
    }
  });

  it('can leave, and every session ends', async () => {
    const person = await newPerson();
    const elsewhere = await signIn(api, person);
    const answer = await api.delete('/v1/users/me', { headers: person.headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(/Expires=Thu, 01 Jan 1970/);
    expect([await isSignedIn(api, person), await isSignedIn(api, elsewhere)]).toEqual([false, false]);
    await expect(signIn(api, person)).rejects.toThrow('sign-in-failed');
  });

  it('can be erased after a recent sign-in, and only then', async () => {
    const person = await newPerson();
    await withConnection(service.db.owner, (client) =>
      client.query(`update sessions set authenticated_at = now() - interval '301 seconds' where id = $1`, [
        person.sessionId,
      ]),
    );
    const erase = { query: { erase: 'true' } };
    const refused = await api.delete('/v1/users/me', { ...erase, headers: person.headers });
    expectRefused(refused, 403, 'recent-sign-in-required');
    const { headers } = await signIn(api, person);
    expect((await api.delete('/v1/users/me', { ...erase, headers })).status).toBe(204);
    await expect(signIn(api, person)).rejects.toThrow('sign-in-failed');
    expect(await outcomes(person.id, 'user.erased')).toEqual(['success']);
  });
});

describe('a password', () => {
  it('is changed by who knows it; every other session ends, and the old one opens nothing', async () => {
    const person = await newPerson();
    const elsewhere = await signIn(api, person);
    const answer = await changePassword(person, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect([await isSignedIn(api, person), await isSignedIn(api, elsewhere)]).toEqual([true, false]);
    await expect(signIn(api, person)).rejects.toThrow('sign-in-failed');
    expect(await isSignedIn(api, await signIn(api, person, NEW_PASSWORD))).toBe(true);
    expect(await outcomes(person.id, 'user.password-changed')).toEqual(['success']);
  });

  it('stays when the current one is wrong, and that is noted', async () => {
    const person = await newPerson();
    const elsewhere = await signIn(api, person);
    for (const currentPassword of ['wrong', 'x'.repeat(1_000)])
      expectRefused(
        await changePassword(person, { currentPassword, newPassword: NEW_PASSWORD }),
        422,
        'wrong-password',
      );
    expect(await isSignedIn(api, elsewhere)).toBe(true);
    expect(await isSignedIn(api, await signIn(api, person))).toBe(true);
    expect(await outcomes(person.id, 'user.password-changed')).toEqual(['failure', 'failure']);
  });

  it('cannot be guessed through a session that was left open', async () => {
    const person = await newPerson();
    const guess = (number: number) =>
      changePassword(person, { currentPassword: `guess ${number}`, newPassword: NEW_PASSWORD });
    let answer = await guess(0);
    // However slowly they come: each wait is twice as long as the one before.
    for (let number = 1; number < 20 && answer.status === 422; number++) answer = await guess(number);
    expectRefused(answer, 429, 'too-many-attempts');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it.each([
    ['one that is too short', 'elevenchars', 400, 'validation-failed'],
    ['one that is too long', 'x'.repeat(129), 400, 'validation-failed'],
    ['one of 10,000 characters', 'x'.repeat(10_000), 400, 'validation-failed'],
    ['one with U+0000', 'with \0 in the middle', 400, 'unstorable-text'],
    ['one that anybody would try', 'password1234', 422, 'password-too-common'],
    ['none', undefined, 400, 'validation-failed'],
  ])('is not changed to %s', async (_, newPassword, status, code) => {
    const person = await newPerson();
    const answer = await changePassword(person, { currentPassword: PASSWORD, newPassword });
    expectRefused(answer, status, code);
    if (code === 'password-too-common')
      expect(answer.json).toMatchObject({ errors: [{ path: 'newPassword' }] });
    expect(await isSignedIn(api, await signIn(api, person))).toBe(true);
  });

  it('is changed once when two sessions change it at once', async () => {
    const person = await newPerson();
    const elsewhere = await signIn(api, person);
    const answers = await Promise.all([
      changePassword(person, { currentPassword: PASSWORD, newPassword: `${NEW_PASSWORD} 1` }),
      changePassword(elsewhere, { currentPassword: PASSWORD, newPassword: `${NEW_PASSWORD} 2` }),
    ]);
    const winners = answers.filter(({ status }) => status === 204);
    expect(winners).toHaveLength(1);
    const alive = [await isSignedIn(api, person), await isSignedIn(api, elsewhere)];
    expect(alive.filter(Boolean)).toHaveLength(1);
  });
});

describe('settings', () => {
  it('are the defaults first, then what was set, with an ETag', async () => {
    const person = await newPerson();
    const first = await api.get('/v1/users/me/settings', { headers: person.headers });
    expect(first.json).toEqual({ timezone: 'UTC', locale: 'en', messageRetentionDays: null });
    expect(first.headers.get('etag')).toBe('"0"');
    const changed = await changeSettings(person, {
      timezone: 'europe/berlin',
      locale: 'DE-at',
      messageRetentionDays: 36_500,
    });
    const expected = { timezone: 'Europe/Berlin', locale: 'de-AT', messageRetentionDays: 36_500 };
    expect(changed.json).toEqual(expected);
    const cleared = await changeSettings(person, { messageRetentionDays: null });
    expect(cleared.json).toEqual({ ...expected, messageRetentionDays: null });
    const stale = await api.patch('/v1/users/me/settings', {
      json: { locale: 'fr' },
      headers: { ...person.headers, 'if-match': '"1"' },
    });
    expectRefused(stale, 412, 'stale-resource');
    const unchanged = await api.get('/v1/users/me/settings', {
      headers: { ...person.headers, 'if-none-match': '"2"' },
    });
    expect(unchanged.status).toBe(304);
  });

  it.each(['Asia/Kolkata', 'Asia/Calcutta', 'UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'])(
    'keep the zone %s under the name that it was given',
    async (timezone) => {
      expect((await changeSettings(somebody, { timezone })).json).toMatchObject({ timezone });
    },
  );

  it.each([
    {},
    { timezone: 'Mars/Olympus' },
    { timezone: '+01:00' },
    { timezone: '' },
    { timezone: null },
    { timezone: `Europe/${'x'.repeat(100)}` },
    { locale: 'not a tag' },
    { locale: 'de_AT' },
    { locale: '' },
    { locale: 'x'.repeat(10_000) },
    { messageRetentionDays: 0 },
    { messageRetentionDays: -1 },
    { messageRetentionDays: 36_501 },
    { messageRetentionDays: 1.5 },
    { messageRetentionDays: '30' },
    { theme: 'dark' },
    { userId: '0190a1b2-0000-7000-8000-000000000000' },
  ])('are not changed by one that is wrong (%#)', async (body) => {
    expectRefused(await changeSettings(somebody, body), 400, 'validation-failed');
  });

  it('are one’s own', async () => {
    const [one, other] = [await newPerson(), await newPerson()];
    await changeSettings(one, { locale: 'fr' });
    const read = await api.get('/v1/users/me/settings', { headers: other.headers });
    expect(read.json).toMatchObject({ locale: 'en' });
  });
});
