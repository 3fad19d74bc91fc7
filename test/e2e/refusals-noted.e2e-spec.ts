import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newAccount } from '../factories/users.js';
import type { Persona } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** What the audit log says was refused to somebody: code and target. */
async function refusalsOf(person: Persona): Promise<readonly string[]> {
  const sql = `select details->>'code' as code, target_id from audit_events
    where user_id = $1 and action = 'access.refused' and outcome = 'refused' order by id`;
  const rows = await asOwner<{ code: string; target_id: string }>(app.db, sql, [person.userId]);
  return rows.map(({ code, target_id: target }) => `${code} ${target}`);
}

const age = async ({ sessionId }: Persona): Promise<unknown> =>
  asOwner(app.db, `update sessions set authenticated_at = now() - interval '6 minutes' where id = $1`, [
    sessionId,
  ]);

describe('a refusal of privilege stands in the audit log', () => {
  it('when somebody reaches above themselves or for whom they may not touch', async () => {
    const [user, admin] = [await app.signedIn('USER'), await app.signedIn('ADMIN')];
    const above = app.admin.userId;
    for (const answer of [
      await user.api.patch('/v1/users/me', { json: { role: 'ADMIN' } }),
      await admin.api.patch('/v1/users/me', { json: { role: 'SUPER_ADMIN' } }),
      await admin.api.patch(`/v1/users/${above}`, { json: { username: 'taken-over' } }),
      await admin.api.delete(`/v1/users/${above}`),
      await admin.api.delete(`/v1/users/${above}/sessions`),
    ])
      expectRefused(answer, 403, 'role-too-low');
    expect(await refusalsOf(user)).toEqual([`role-too-low ${user.userId}`]);
    const reached = [admin.userId, above, above, above].map((id) => `role-too-low ${id}`);
    expect(await refusalsOf(admin)).toEqual(reached);
  });

  it('when the last SUPER_ADMIN would go, or a sign-in is too long ago', async () => {
    const { api, userId } = app.admin;
    expectRefused(await api.patch('/v1/users/me', { json: { role: 'USER' } }), 422, 'last-super-admin');
    expect(await refusalsOf(app.admin)).toEqual([`last-super-admin ${userId}`]);
    const user = await app.signedIn('USER');
    await age(user);
    const erasure = await user.api.delete('/v1/users/me', { query: { erase: true } });
    expectRefused(erasure, 403, 'recent-sign-in-required');
    expect(await refusalsOf(user)).toEqual([`recent-sign-in-required ${user.userId}`]);
  });

  it('when another site asks with the cookie or wants to sign somebody in', async () => {
    const { token, email: login, password } = await app.signedIn('USER');
    const origin = 'https://evil.example.com';
    const headers = { origin, cookie: `stockroom_session=${token}`, 'user-agent': randomUUID() };
    for (const answer of [
      await app.stranger.delete('/v1/sessions', { headers }),
      await app.stranger.post('/v1/sessions', { json: { login, password }, headers }),
      await app.stranger.post('/v1/users', { json: newAccount(), query: { session: true }, headers }),
    ])
      expectRefused(answer, 403, 'foreign-origin');
    const sql = `select details->>'code' as code, target_id from audit_events where user_agent = $1 order by id`;
    const noted = await asOwner(app.db, sql, [headers['user-agent']]);
    expect(noted).toEqual(
      ['DELETE /v1/sessions', 'POST /v1/sessions', 'POST /v1/users'].map((target) => ({
        code: 'foreign-origin',
        target_id: target,
      })),
    );
  });
});

describe('a new email or username of one’s own', () => {
  it.each([[{ email: 'mallory@example.com' }], [{ username: 'mallory' }]])(
    'needs a recent sign-in: %j',
    async (json) => {
      const user = await app.signedIn('ADMIN');
      await age(user);
      for (const path of ['/v1/users/me', `/v1/users/${user.userId}`])
        expectRefused(await user.api.patch(path, { json }), 403, 'recent-sign-in-required');
      expect(((await user.api.get('/v1/users/me')).json as { email: string }).email).toBe(user.email);
    },
  );
});
