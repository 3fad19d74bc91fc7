import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../src/database/direct-connection.js';
import type { ApiAnswer } from '../support/api-client.js';
import { PERSONA_PASSWORD } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const LIMIT = 40;

/** Limits on, and small ones; a window that no test outlives. */
const LIMITED = {
  STOCKROOM_REQUEST_QUOTAS_ENABLED: 'true',
  STOCKROOM_REQUEST_QUOTA_SECONDS: '3600',
  STOCKROOM_REQUEST_QUOTA_PER_USER: String(LIMIT),
  STOCKROOM_REQUEST_QUOTA_PER_ADDRESS: String(LIMIT),
};
/** A proxy whose word counts: this machine. So each test can come from addresses of its own. */
const BEHIND_PROXY = { TRUSTED_PROXIES: '127.0.0.1' };

/** A service for all tests of a group. */
function service(env: NodeJS.ProcessEnv): () => TestApp {
  let app: TestApp | null = null;
  beforeAll(async () => {
    app = await startTestApp({ env });
  });
  afterAll(() => app?.close());
  return () => {
    if (app === null) throw new Error('not started');
    return app;
  };
}

const from = (address: string): { headers: { 'x-forwarded-for': string } } => ({
  headers: { 'x-forwarded-for': address },
});

/** Sends requests, some at a time: more than the limit lets through. */
async function fire(
  count: number,
  send: (index: number) => Promise<ApiAnswer>,
): Promise<readonly ApiAnswer[]> {
  const answers: ApiAnswer[] = [];
  for (let begin = 0; begin < count; begin += 50) {
    const batch = Array.from({ length: Math.min(50, count - begin) }, (_, index) => send(begin + index));
    answers.push(...(await Promise.all(batch)));
  }
  return answers;
}

const refused = (answers: readonly ApiAnswer[]): number =>
  answers.filter(({ status }) => status === 429).length;

describe('a request', () => {
  const app = service({ ...LIMITED, ...BEHIND_PROXY, CORS_ORIGINS: 'https://app.example.com' });

  it('is told what the limit is and how much is left, whatever else it is told', async () => {
    const { api: user } = await app().signedIn('USER');
    const stranger = app().stranger.with(from('192.0.2.1').headers);
    const answers = [
      await user.get('/v1/stocks'),
      await user.get('/v1/stocks/NONE'),
      await user.get('/v1/stocks', { query: { limit: 'x' } }),
      await user.post('/v1/stocks', { json: { symbol: 'MINE' } }),
      await stranger.get('/v1/stocks'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 400, 403, 401]);
    const left = answers.map(({ headers }) => {
      expect(headers.get('ratelimit-policy')).toBe(`"default";q=${LIMIT};w=3600`);
      return /^"default";r=(\d+);t=3(?:600|5\d\d)$/.exec(headers.get('ratelimit') ?? '')?.[1];
    });
    expect(left).toEqual(['39', '38', '37', '36', '39']);
  });

  it('is 429 over the limit, with the time to wait', async () => {
    const { api: user } = await app().signedIn('USER');
    const answers = await fire(LIMIT * 2, () => user.get('/v1/stocks'));
    expect(refused(answers)).toBe(LIMIT);
    const over = await user.get('/v1/stocks');
    expectRefused(over, 429, 'too-many-requests');
    const reset = /^"default";r=0;t=(\d+)$/.exec(over.headers.get('ratelimit') ?? '')?.[1];
    expect(over.headers.get('retry-after')).toBe(reset);
    expect(Number(reset)).toBeGreaterThan(0);
  });

  it('lets a page of an allowed origin read how it stands', async () => {
    const { api: user } = await app().signedIn('USER');
    const { headers } = await user.get('/v1/stocks', { headers: { origin: 'https://app.example.com' } });
    const exposed = (headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/, */);
    expect(exposed).toEqual(expect.arrayContaining(['ratelimit', 'ratelimit-policy', 'retry-after']));
  });

  it('of a probe is never counted, not even when everything else is used up', async () => {
    const stranger = app().stranger.with(from('192.0.2.2').headers);
    await fire(LIMIT * 2, () => stranger.get('/v1/stocks'));
    expect((await stranger.get('/v1/stocks')).status).toBe(429);
    for (const probe of ['/livez', '/readyz', '/startupz']) {
      const answer = await stranger.get(probe);
      expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null]);
    }
  });

  it('of a person counts wherever they are, and for nobody else', async () => {
    const [ann, ben] = [await app().signedIn('USER'), await app().signedIn('USER')];
    const answers = await fire(LIMIT * 2, (index) => ann.api.get('/v1/stocks', from(`192.0.2.${index}`)));
    expect(refused(answers)).toBe(LIMIT);
    expect((await ben.api.get('/v1/stocks', from('192.0.2.1'))).status).toBe(200);
  });

  it('counts for the address before the proxy, not for those that the client put in front of it', async () => {
    const answers = await fire(LIMIT * 3, () =>
      app().stranger.get('/v1/stocks', from(`${[...randomBytes(4)].join('.')}, 198.51.100.7`)),
    );
    expect(refused(answers)).toBe(LIMIT * 2);
    expect((await app().stranger.get('/v1/stocks', from('198.51.100.8'))).status).toBe(401);
  });

  it.each([
    [
      'addresses of one IPv6 network',
      () => `2001:db8:1:2:${randomBytes(8).toString('hex').match(/.{4}/g)?.join(':')}`,
    ],
    ['what is no address', () => randomUUID()],
  ])('counts for %s together', async (_what, address) => {
    const answers = await fire(1_000, () => app().stranger.get('/v1/stocks', from(address())));
    expect(refused(answers)).toBe(1_000 - LIMIT);
  });

  it('of a visitor counts by address, before a row is made for each id', async () => {
    const answers = await fire(LIMIT * 3, () => app().visitor().get('/v1/stocks', from('192.0.2.3')));
    expect(refused(answers)).toBe(LIMIT * 2);
    expect(await rowsOf(`select from sessions where user_id is null`)).toBe(LIMIT);
  });

  it('of somebody whose role may not counts before the refusal is written to the audit log', async () => {
    const { api: user, userId } = await app().signedIn('USER');
    const answers = await fire(LIMIT * 3, () => user.get('/v1/audit-events'));
    expect(refused(answers)).toBe(LIMIT * 2);
    expect(await rowsOf(`select from audit_events where user_id = '${userId}'`)).toBe(LIMIT);
  });

  it.each([
    ['a token of no form', { authorization: 'Basic abc' }, '/v1/stocks', '192.0.2.30'],
    ['an X-Session-Id of no form', { 'x-session-id': 'abc' }, '/v1/stocks', '192.0.2.31'],
    ['two cookies', { cookie: 'stockroom_session=a; stockroom_session=b' }, '/v1/stocks', '192.0.2.32'],
    ['an unknown address', {}, '/v1/nothing', '192.0.2.33'],
  ])('with %s counts by address', async (_what, headers, path, address) => {
    const answers = await fire(LIMIT * 2, () =>
      app().stranger.get(path, { headers: { ...headers, ...from(address).headers } }),
    );
    expect(refused(answers)).toBe(LIMIT);
  });

  it('for a registration, or for a name of one’s own, counts only once it could succeed', async () => {
    const { headers } = from('192.0.2.34');
    const malformed = await fire(15, () => app().stranger.post('/v1/users', { json: {}, headers }));
    expect(refused(malformed)).toBe(0);
    const { api: user } = await app().signedIn('USER');
    const answers = await fire(12, () =>
      user.patch('/v1/users/me', { json: { email: app().admin.email }, headers }),
    );
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(10);
    const over = await user.patch('/v1/users/me', { json: { username: 'any-one' }, headers });
    expectRefused(over, 429, 'too-many-requests');
    expect(over.headers.get('ratelimit-policy')).toBe('"registration";q=10;w=3600');
  });

  it('refused for guesses does not tell how it stands under another limit', async () => {
    const json = { login: 'nobody@example.com', password: 'not the password' };
    const send = (): Promise<ApiAnswer> =>
      app().stranger.post('/v1/sessions', { json, headers: from('192.0.2.35').headers });
    for (let index = 0; index < 5; index++) expect((await send()).headers.has('ratelimit')).toBe(true);
    const over = await send();
    expectRefused(over, 429, 'too-many-attempts');
    expect([over.headers.get('ratelimit'), over.headers.get('ratelimit-policy')]).toEqual([null, null]);
  });

  it('with a token that is worth nothing counts by address', async () => {
    const [id] = app().admin.token.split('.');
    const answers = await fire(LIMIT * 3, () =>
      app()
        .stranger.as(`${id}.${randomBytes(32).toString('base64url')}`)
        .get('/v1/stocks', from('192.0.2.4')),
    );
    expect(refused(answers)).toBe(LIMIT * 2);
  });

  async function rowsOf(text: string): Promise<number | null> {
    return withConnection(app().db.owner, async (client) => (await client.query(text)).rowCount);
  }
});

describe('without a proxy', () => {
  const app = service(LIMITED);

  it('counts by the address of the connection, whatever the client says of itself', async () => {
    const answers = await fire(1_000, () => {
      const address = [...randomBytes(4)].join('.');
      const forged = { 'x-forwarded-for': address, 'x-real-ip': address, forwarded: `for=${address}` };
      return app().stranger.get('/v1/stocks', { headers: forged });
    });
    expect(refused(answers)).toBe(1_000 - LIMIT);
  });
});

describe('whoever waits as long as was said', () => {
  const app = service({
    ...LIMITED,
    ...BEHIND_PROXY,
    STOCKROOM_REQUEST_QUOTA_SECONDS: '2',
    STOCKROOM_REQUEST_QUOTA_PER_ADDRESS: '2',
  });

  it('is accepted, a hundred of a hundred', async () => {
    const clients = Array.from({ length: 100 }, async (_, index) => {
      const ask = (): Promise<ApiAnswer> => app().stranger.get('/v1/stocks', from(`198.51.100.${index}`));
      let answer = await ask();
      while (answer.status !== 429) answer = await ask();
      await sleep(Number(answer.headers.get('retry-after')) * 1_000);
      return (await ask()).status;
    });
    expect(await Promise.all(clients)).toEqual(Array(100).fill(401));
  });
});

describe('with limits on requests switched off', () => {
  const app = service(BEHIND_PROXY);

  /** Guesses, wrong each time. */
  const guess = (login: string, address: string): Promise<ApiAnswer> =>
    app().stranger.post('/v1/sessions', { ...from(address), json: { login, password: 'not the password' } });
  const signIn = (login: string, address: string): Promise<ApiAnswer> =>
    app().stranger.post('/v1/sessions', { ...from(address), json: { login, password: PERSONA_PASSWORD } });

  it('nothing is counted or told', async () => {
    const answers = await fire(LIMIT * 2, () => app().api.get('/v1/stocks'));
    expect(refused(answers)).toBe(0);
    expect(answers[0]?.headers.get('ratelimit')).toBeNull();
  });

  it('signing in is still refused after five wrong passwords, whether the account exists or not', async () => {
    const { email } = await app().signedIn('USER');
    for (const login of [email, 'nobody@example.com']) {
      const statuses = [];
      for (let index = 0; index < 5; index++) statuses.push((await guess(login, '192.0.2.1')).status);
      expect(statuses).toEqual([401, 401, 401, 401, 401]);
      const over = await guess(login, '192.0.2.1');
      expectRefused(over, 429, 'too-many-attempts');
      expect(over.headers.get('retry-after')).toBe('1');
    }
  });

  it('the right password is refused too while the address has to wait, and not after', async () => {
    const { email } = await app().signedIn('USER');
    for (let index = 0; index < 5; index++) await guess(email, '192.0.2.2');
    const early = await signIn(email, '192.0.2.2');
    expectRefused(early, 429, 'too-many-attempts');
    await sleep(Number(early.headers.get('retry-after')) * 1_000);
    expect((await signIn(email, '192.0.2.2')).status).toBe(201);
  });

  it('an owner signs in while fifty others guess, and after', async () => {
    const { email, username } = await app().signedIn('USER');
    const attack = fire(100, (index) => guess(email, `203.0.113.${index % 50}`));
    expect((await signIn(username, '198.51.100.1')).status).toBe(201);
    expect((await signIn(email, '198.51.100.1')).status).toBe(201);
    const statuses = (await attack).map(({ status }) => status);
    expect((await signIn(email, '198.51.100.1')).status).toBe(201);
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(50);
    expect(statuses).not.toContain(201);
  });

  it('right passwords are no attempts, however many', async () => {
    const { email } = await app().signedIn('USER');
    for (let index = 0; index < 8; index++) expect((await signIn(email, '192.0.2.3')).status).toBe(201);
  });
});
