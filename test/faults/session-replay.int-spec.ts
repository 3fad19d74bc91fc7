import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UnitOfWork } from '../../src/database/unit-of-work.service.js';
import { AuthenticatorService } from '../../src/sessions/authenticator.service.js';
import { SessionsService } from '../../src/sessions/sessions.service.js';
import { openSession, type Persona } from '../support/personas.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** One way in which a token stops working. It is over when the promise is. */
type End = (victim: Persona) => Promise<unknown>;

const REPLAYS = 150;

describe('a token that was ended', () => {
  let replicas: readonly TestApp[];
  let first: TestApp;
  beforeAll(async () => {
    first = await startTestApp();
    replicas = [first, await startTestApp({ beside: first }), await startTestApp({ beside: first })];
  });
  afterAll(async () => {
    for (const replica of replicas.toReversed()) await replica.close();
  });

  const accepted = async (token: string, times: number): Promise<number> => {
    const asked = Array.from({ length: times }, async (_, at) => {
      const api = replicas[at % replicas.length]?.stranger.as(token);
      return (await api?.get('/v1/sessions', { query: { limit: 1 } }))?.status;
    });
    return (await Promise.all(asked)).filter((status) => status === 200).length;
  };

  /** How often a token is accepted by any process once it was ended through the first. Each has seen it before. */
  const acceptedAfter = async (end: End): Promise<number> => {
    const victim = await first.signedIn('USER');
    expect(await accepted(victim.token, 9)).toBe(9);
    await end(victim);
    return accepted(victim.token, REPLAYS);
  };

  const asAnother = async ({ userId }: Persona): Promise<TestApp['api']> =>
    first.stranger.as((await openSession(first.app, userId)).token);

  const ends: readonly (readonly [string, End])[] = [
    ['signed out', ({ api }) => api.delete('/v1/sessions/current')],
    [
      'ended by another session',
      async (victim) => (await asAnother(victim)).delete(`/v1/sessions/${victim.sessionId}`),
    ],
    ['ended with all others', async (victim) => (await asAnother(victim)).delete('/v1/sessions')],
    ['rotated', ({ api }) => api.post('/v1/sessions/current/rotate')],
    [
      'ended with all of the person',
      ({ userId }) =>
        first.app
          .get(UnitOfWork)
          .run({ userId }, (em) => first.app.get(SessionsService).endAllOf(em, userId)),
    ],
    [
      'of somebody switched off',
      ({ userId }) => asOwner(first.db, 'update users set is_active = false where id = $1', [userId]),
    ],
    ['of somebody erased', ({ userId }) => asOwner(first.db, 'delete from users where id = $1', [userId])],
    [
      'expired',
      ({ sessionId }) =>
        asOwner(first.db, 'update sessions set idle_expires_at = now() where id = $1', [sessionId]),
    ],
  ];

  it.each(ends)('is accepted by none of three processes: %s', async (_how, end) => {
    expect(await acceptedAfter(end)).toBe(0);
  });

  it('is tried more than a thousand times in all', () => {
    expect(ends.length * REPLAYS).toBeGreaterThan(1_000);
  });

  it('is accepted where one process remembers for a second whom it knew: the test sees it', async () => {
    const forgetful = replicas[1]?.app.get(AuthenticatorService);
    if (forgetful === undefined) throw new Error('no second process');
    const lookUp = forgetful.signedIn.bind(forgetful);
    const known = new Map<string, ReturnType<typeof lookUp>>();
    forgetful.signedIn = (token) => {
      const found = known.get(token.secret) ?? lookUp(token);
      known.set(token.secret, found);
      return found;
    };
    try {
      expect(await acceptedAfter(({ api }) => api.delete('/v1/sessions/current'))).toBe(REPLAYS / 3);
    } finally {
      forgetful.signedIn = lookUp;
    }
  });
});
