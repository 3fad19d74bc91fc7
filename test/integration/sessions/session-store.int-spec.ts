import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { sha256 } from '../../../src/encryption/secrets.js';
import { AuthenticatorService } from '../../../src/sessions/authenticator.service.js';
import { parseToken } from '../../../src/sessions/credentials/session-token.js';
import { PurgeSessionsService } from '../../../src/sessions/purge-sessions.service.js';
import { liveSessions } from '../../../src/sessions/sessions.queries.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import { openSession, TEST_ORIGIN, type Persona } from '../../support/personas.js';
import { asOwner } from '../../support/sql.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const statusOf = async ({ api }: Pick<Persona, 'api'>): Promise<number> =>
  (await api.get('/v1/sessions/current')).status;

/** Moves instants of one session, as the tables' owner: the clock is the database's. */
const move = (id: string, set: string): Promise<unknown> =>
  asOwner(app.db, `update sessions set ${set} where id = $1`, [id]);

describe('what is stored of sessions', () => {
  it('opens nothing: no column of any row is accepted as a token, an id or a cookie', async () => {
    const visitor = randomUUID();
    await app.stranger.with({ 'x-session-id': visitor }).get('/v1/stocks');
    await app.signedIn('USER');
    const rows = await asOwner<Record<string, unknown>>(app.db, 'select * from sessions');
    expect(rows.length).toBeGreaterThan(2);
    const tried: string[] = [];
    for (const row of rows) {
      const hash = row.token_hash as Buffer;
      const id = Buffer.from(String(row.id).replaceAll('-', ''), 'hex').toString('base64url');
      const texts = Object.values(row).map((value) =>
        value instanceof Date ? value.toISOString() : String(value),
      );
      const hashes = (['hex', 'base64', 'base64url', 'latin1'] as const).map((form) => hash.toString(form));
      tried.push(...texts, ...hashes, ...[...texts, ...hashes].map((text) => `${id}.${text}`));
    }
    const sendable = tried.map((text) => text.replaceAll(/[^\x21-\x7e]/g, '')).filter((text) => text !== '');
    let accepted = 0;
    for (const text of new Set(sendable)) {
      const ways: readonly Record<string, string>[] = [
        { authorization: `Bearer ${text}` },
        { cookie: `stockroom_session=${text}` },
        { 'x-session-id': text },
      ];
      for (const headers of ways) {
        if ((await app.stranger.get('/v1/sessions/current', { headers })).status === 200) accepted++;
      }
    }
    expect([sendable.length > 50, accepted]).toEqual([true, 0]);
  });

  it('is not readable by reports, as far as it proves anything', async () => {
    const read = (sql: string): Promise<unknown> =>
      withConnection(app.db.readonly, (client) => client.query(sql));
    await expect(read('select token_hash from sessions')).rejects.toMatchObject({ code: '42501' });
    await expect(read('select user_id, created_at from sessions')).resolves.toBeDefined();
  });
});

describe('a limit of a session', () => {
  it.each([
    ['idle', 'idle_expires_at = now() + make_interval(secs => $2)'],
    [
      'absolute',
      'expires_at = now() + make_interval(secs => $2), idle_expires_at = now() + make_interval(secs => $2)',
    ],
  ])('%s holds to the second, by the clock of the database alone', async (_what, set) => {
    const { sessionId } = await app.signedIn('USER');
    // Inside one transaction now() stands still, so that one second is one second however slow the machine.
    const liveAt = (seconds: number): Promise<number> =>
      app.app.get(SqlService).transaction(async (tx) => {
        const text = `update sessions set ${set} where id = $1`;
        await tx.run({ name: 'test_move', text, values: [sessionId, seconds], prepared: false });
        const rows = await tx.run(liveSessions([sessionId]));
        tx.rollback();
        return rows.length;
      });
    expect([await liveAt(1), await liveAt(0), await liveAt(-1)]).toEqual([1, 0, 0]);
  });

  it('is looked at with each request', async () => {
    const person = await app.signedIn('USER');
    await move(person.sessionId, 'idle_expires_at = now()');
    expect(await statusOf(person)).toBe(401);
    await move(person.sessionId, `idle_expires_at = now() + interval '1 hour'`);
    expect(await statusOf(person)).toBe(200);
  });

  it('moves with use, at most once a minute and never past the end of the session', async () => {
    const person = await app.signedIn('USER');
    const instants = async (): Promise<Record<string, Date>> => {
      const sql = 'select last_seen_at, idle_expires_at, expires_at from sessions where id = $1';
      return (await asOwner<Record<string, Date>>(app.db, sql, [person.sessionId]))[0] ?? {};
    };
    const fresh = await instants();
    await statusOf(person);
    expect(await instants()).toEqual(fresh);
    await move(
      person.sessionId,
      `last_seen_at = now() - interval '61 seconds', idle_expires_at = now() + interval '9 seconds'`,
    );
    expect(await Promise.all(Array.from({ length: 20 }, () => statusOf(person)))).toEqual(
      Array(20).fill(200),
    );
    const used = await instants();
    expect(used.idle_expires_at?.getTime()).toBeGreaterThan(Date.now() + 6 * 86_400_000);
    expect(used.last_seen_at?.getTime()).toBeGreaterThan(Date.now() - 60_000);
    await move(
      person.sessionId,
      `last_seen_at = now() - interval '2 minutes', idle_expires_at = now() + interval '9 seconds', expires_at = now() + interval '1 hour'`,
    );
    await statusOf(person);
    const last = await instants();
    expect(last.idle_expires_at).toEqual(last.expires_at);
  });

  it('that cannot be moved, because the database is read-only, keeps nobody out', async () => {
    const person = await app.signedIn('USER');
    await move(person.sessionId, `last_seen_at = now() - interval '1 hour'`);
    const readOnly = await startTestApp({ beside: app });
    await asOwner(app.db, 'revoke update on sessions from stockroom_app');
    try {
      const api = readOnly.stranger.as(person.token);
      expect(await statusOf({ api })).toBe(200);
    } finally {
      await asOwner(app.db, 'grant update on sessions to stockroom_app');
      await readOnly.close();
    }
  });
});

describe('a recent sign-in', () => {
  it('is one within five minutes, by the database’s clock, and no rotation renews it', async () => {
    const person = await app.signedIn('USER');
    const recent = async (token: string): Promise<boolean> => {
      const parsed = parseToken(token);
      if (parsed === null) throw new Error('no token');
      return (await app.app.get(AuthenticatorService).signedIn(parsed)).recentlyAuthenticated;
    };
    expect(await recent(person.token)).toBe(true);
    await move(person.sessionId, `authenticated_at = now() - interval '4 minutes 50 seconds'`);
    expect(await recent(person.token)).toBe(true);
    await move(person.sessionId, `authenticated_at = now() - interval '5 minutes'`);
    expect(await recent(person.token)).toBe(false);
    const { token } = (await person.api.post('/v1/sessions/current/rotate')).json as { token: string };
    expect(await recent(token)).toBe(false);
  });
});

describe('sessions of many people', () => {
  it('are found by one statement, the newest fifty of each', async () => {
    const people = [await app.signedIn('USER'), await app.signedIn('USER')] as const;
    const [first, second] = people;
    for (let count = 0; count < 51; count++) await openSession(app.app, first.userId);
    const sessions = app.app.get(SessionsService);
    const live = await sessions.liveOf([first.userId, second.userId, randomUUID()], second.sessionId);
    expect([...live.values()].map((views) => views.length)).toEqual([50, 1, 0]);
    expect(live.get(second.userId)).toMatchObject([
      { id: second.sessionId, current: true, ip: TEST_ORIGIN.address },
    ]);
    const ids = (live.get(first.userId) ?? []).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted().toReversed());
  });

  it('end for one person, or all but one session, in the transaction that asks', async () => {
    const person = await app.signedIn('USER');
    const { token, id } = await openSession(app.app, person.userId);
    const other = { api: app.stranger.as(token) };
    const sessions = app.app.get(SessionsService);
    const unitOfWork = app.app.get(UnitOfWork);
    const undone = unitOfWork.run({ userId: person.userId }, async (em) => {
      await sessions.endAllOf(em, person.userId);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect([await statusOf(person), await statusOf(other)]).toEqual([200, 200]);
    const end = (except?: string): Promise<number> =>
      unitOfWork.run({ userId: person.userId }, (em) => sessions.endAllOf(em, person.userId, except));
    expect([await end(id), await statusOf(person), await statusOf(other)]).toEqual([1, 401, 200]);
    expect([await end(), await statusOf(other), await end()]).toEqual([1, 401, 0]);
  });
});

describe('the purge of sessions', () => {
  it('removes those that have been dead for a day, in batches, and no others; once whoever is at it', async () => {
    const person = await app.signedIn('USER');
    const sql = `
      insert into sessions (id, user_id, token_hash, authenticated_at, created_at, idle_expires_at, expires_at)
      select gen_random_uuid(), $1, sha256(n::text::bytea), now(), now(), now() - make_interval(hours => $2), now()
      from generate_series($3::int, $4::int) n`;
    await asOwner(app.db, sql, [person.userId, 25, 1, 2_500]);
    await asOwner(app.db, sql, [person.userId, 23, 3_001, 3_010]);
    const purge = app.app.get(PurgeSessionsService);
    const removed = await Promise.all([purge.purge(), purge.purge()]);
    expect(removed.reduce((sum, count) => sum + count, 0) + (await purge.purge())).toBe(2_500);
    const [left] = await asOwner<{ count: string }>(
      app.db,
      'select count(*) from sessions where user_id = $1 and idle_expires_at < now()',
      [person.userId],
    );
    expect(Number(left?.count)).toBe(10);
    expect(await statusOf(person)).toBe(200);
  });

  it('leaves the hash of a visitor who was taken over until their id would have died anyway', async () => {
    const id = randomUUID();
    await app.stranger.with({ 'x-session-id': id }).delete('/v1/sessions/current');
    await app.app.get(PurgeSessionsService).purge();
    expect(await asOwner(app.db, 'select 1 from sessions where token_hash = $1', [sha256(id)])).toHaveLength(
      1,
    );
  });
});

describe('ending every session', () => {
  it('signs everybody out, visitors too, and says how many', async () => {
    const person = await app.signedIn('ADMIN');
    const visitor = { api: app.visitor() };
    expect([await statusOf(person), await statusOf(visitor)]).toEqual([200, 200]);
    expect(await app.app.get(PurgeSessionsService).endEvery()).toBeGreaterThan(1);
    expect([await statusOf(person), await statusOf(visitor)]).toEqual([401, 401]);
    expect(await app.app.get(PurgeSessionsService).endEvery()).toBe(0);
  });
});
