import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v1 as uuidv1, v7 as uuidv7 } from 'uuid';
import { sha256 } from '../../src/encryption/secrets.js';
import type { ApiAnswer } from '../support/api-client.js';
import type { Persona } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let user: Persona;
beforeAll(async () => {
  app = await startTestApp();
  user = await app.signedIn('USER');
});
afterAll(() => app.close());

const withId = (id: string) => app.stranger.with({ 'x-session-id': id });
const statusOf = async (id: string): Promise<number> => (await withId(id).get('/v1/stocks')).status;

async function rowsOf(
  id: string,
): Promise<readonly { id: string; claimed_by: string | null; text: string }[]> {
  const sql = 'select id, claimed_by, s::text as text from sessions s where token_hash = $1';
  return asOwner(app.db, sql, [sha256(id)]);
}

const signIn = (id: string | null, person = user): Promise<ApiAnswer> =>
  app.stranger.post('/v1/sessions', {
    json: { login: person.email, password: person.password },
    headers: id === null ? {} : { 'x-session-id': id },
  });

describe('a visitor', () => {
  it('reads with an id of their own making, kept as a hash only and once, however many requests come first', async () => {
    const id = randomUUID();
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(id)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    const rows = await rowsOf(id);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.text).not.toContain(id);
    expect(rows[0]?.text).not.toContain(id.replaceAll('-', ''));
  });

  it('is told who they are', async () => {
    const current = (await app.visitor().get('/v1/sessions/current')).json;
    expect(current).toMatchObject({ userId: null, role: 'VISITOR', current: true });
  });

  it('may write nothing and see nobody’s sessions: for that somebody must sign in', async () => {
    const visitor = app.visitor();
    expectRefused(await visitor.get('/v1/sessions'), 401, 'sign-in-required');
    expectRefused(await visitor.post('/v1/stocks', { json: { symbol: 'VVV' } }), 401, 'sign-in-required');
    expectRefused(await visitor.post('/v1/sessions/current/rotate'), 401, 'sign-in-required');
    expectRefused(await visitor.get('/health'), 401, 'sign-in-required');
  });

  it.each([
    ['of version 1', uuidv1()],
    ['of version 7', uuidv7()],
    ['that is none', 'visitor'],
    ['that is empty', ' '],
    ['of 10 KB', 'a'.repeat(10_000)],
  ])('with an id %s is refused on every route, also beside a token', async (_what, id) => {
    const routes = ['/v1/stocks', '/v1/sessions/current', '/livez'];
    for (const path of routes) {
      const headers = { 'x-session-id': id };
      expect([path, (await app.stranger.get(path, { headers })).status]).toEqual([path, 400]);
      expectRefused(await user.api.get(path, { headers }), 400, 'invalid-visitor-id');
    }
    expectRefused(await signIn(id), 400, 'invalid-visitor-id');
  });

  it('cannot use the id of a row, nor the hash, nor a token in place of an id', async () => {
    const id = randomUUID();
    await statusOf(id);
    const [row] = await rowsOf(id);
    expect(await statusOf(row?.id ?? '')).toBe(400);
    expect(await statusOf(sha256(id).toString('hex'))).toBe(400);
    expect(await statusOf(user.token)).toBe(400);
    expect((await app.stranger.as(id).get('/v1/stocks')).status).toBe(401);
  });

  it('is forgotten with signing out', async () => {
    const id = randomUUID();
    expect(await statusOf(id)).toBe(200);
    expect((await withId(id).delete('/v1/sessions/current')).status).toBe(204);
    expectRefused(await withId(id).get('/v1/stocks'), 401, 'unauthenticated');
  });

  it('who was not seen for too long is not known any more', async () => {
    const id = randomUUID();
    await statusOf(id);
    await asOwner(app.db, `update sessions set idle_expires_at = now() where token_hash = $1`, [sha256(id)]);
    expect(await statusOf(id)).toBe(401);
  });
});

describe('a visitor who signs in', () => {
  it('is taken over by the account; the id is worth nothing afterwards', async () => {
    const id = randomUUID();
    expect(await statusOf(id)).toBe(200);
    expect((await signIn(id)).status).toBe(201);
    expect(await statusOf(id)).toBe(401);
    expect(await rowsOf(id)).toMatchObject([{ claimed_by: user.userId }]);
  });

  it('is so too when the service had never seen them: nobody can plant an id to share', async () => {
    const id = randomUUID();
    expect((await signIn(id)).status).toBe(201);
    expect(await statusOf(id)).toBe(401);
  });

  it('may do it again, because the answer was lost, or from many tabs at once', async () => {
    const id = randomUUID();
    await statusOf(id);
    const answers = await Promise.all([signIn(id), signIn(id), signIn(id)]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect((await signIn(id)).status).toBe(201);
    const claims = await asOwner(
      app.db,
      `select 1 from audit_events where action = 'visitor.claimed' and target_id = $1`,
      [(await rowsOf(id))[0]?.id],
    );
    expect(claims).toHaveLength(1);
  });

  it('stays theirs when another person signs in with the same id later', async () => {
    const other = await app.signedIn('USER');
    const id = randomUUID();
    await signIn(id);
    expect((await signIn(id, other)).status).toBe(201);
    expect(await rowsOf(id)).toMatchObject([{ claimed_by: user.userId }]);
  });

  it('is not taken over by a sign-in that fails', async () => {
    const id = randomUUID();
    await statusOf(id);
    const json = { login: user.email, password: 'not the password at all' };
    expect((await withId(id).post('/v1/sessions', { json })).status).toBe(401);
    expect(await statusOf(id)).toBe(200);
  });
});

describe('without visitors', () => {
  it('a good id is worth nothing, a bad one is still malformed, and a sign-in passes both by', async () => {
    const strict = await startTestApp({ beside: app, env: { STOCKROOM_VISITORS_ENABLED: 'false' } });
    try {
      const id = randomUUID();
      const headers = { 'x-session-id': id };
      expectRefused(await strict.stranger.get('/v1/stocks', { headers }), 401, 'unauthenticated');
      expect((await strict.stranger.get('/v1/stocks', { headers: { 'x-session-id': 'x' } })).status).toBe(
        400,
      );
      const json = { login: user.email, password: user.password };
      expect((await strict.stranger.post('/v1/sessions', { json, headers })).status).toBe(201);
      expect(await rowsOf(id)).toEqual([]);
    } finally {
      await strict.close();
    }
  });
});
