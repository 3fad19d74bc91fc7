import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../src/database/direct-connection.js';
import type { ApiAnswer } from '../support/api-client.js';
import type { Persona } from '../support/personas.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const PATH = '/v1/users/me/credentials';
const KEY = { kind: 'api-key', apiKey: 'sk-live-0123456789abcdef' };
const OAUTH = {
  ...{ kind: 'oauth', accessToken: 'ya29.access-token-clear', refreshToken: '1//refresh-token-clear' },
  ...{ expiresAt: '2031-01-31T14:30:00Z', scopes: ['read', 'trade'], label: 'my broker' },
};

let app: TestApp;
let user: Persona;
let other: Persona;
beforeAll(async () => {
  app = await startTestApp();
  user = await app.signedIn('USER');
  other = await app.signedIn('ADMIN');
});
afterAll(() => app.close());
beforeEach(() => asOwner('delete from external_credentials'));

async function asOwner(sql: string): Promise<readonly object[]> {
  return withConnection(app.db.owner, async (client) => {
    await client.query('set role stockroom_owner');
    const { rows } = await client.query<object>(sql);
    return rows;
  });
}
const put = (provider: string, json: unknown = KEY, headers = {}): Promise<ApiAnswer> =>
  user.api.put(`${PATH}/${provider}`, { json, headers });

describe('a stored credential', () => {
  it('is answered masked, with an ETag, and listed', async () => {
    const created = await put('quotes');
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`${PATH}/quotes`);
    expect(created.headers.get('cache-control')).toBe('no-store');
    const masked = {
      provider: 'quotes',
      kind: 'api-key',
      label: null,
      lastFour: 'cdef',
      scopes: [],
      expiresAt: null,
    };
    expect(created.json).toEqual({ ...masked, updatedAt: expect.any(String) });
    expect((await put('broker', OAUTH)).status).toBe(201);
    const list = await user.api.get(PATH);
    expect(list.json).toMatchObject({
      data: [{ provider: 'broker', kind: 'oauth', label: 'my broker', lastFour: 'lear' }, masked],
      nextCursor: null,
    });
    for (const answer of [created, list]) expect(answer.text).not.toMatch(/sk-live|ya29|1\/\/refresh|v1\./);
    const etag = created.headers.get('etag') ?? '';
    const read = await user.api.get(`${PATH}/quotes`, { headers: { 'if-none-match': etag } });
    expect(read.status).toBe(304);
  });

  it('is replaced by the next one, and only what was seen is overwritten', async () => {
    const first = await put('quotes');
    const second = await put('quotes', OAUTH, { 'if-match': first.headers.get('etag') ?? '' });
    expect(second.status).toBe(200);
    expectRefused(
      await put('quotes', KEY, { 'if-match': first.headers.get('etag') ?? '' }),
      412,
      'stale-resource',
    );
    expectRefused(await put('nothing', KEY, { 'if-match': '*' }), 412, 'stale-resource');
    expect((await put('quotes')).status).toBe(200);
  });

  it('is revealed soon after a sign-in, and removed', async () => {
    await put('quotes');
    await put('broker', OAUTH);
    const key = await user.api.post(`${PATH}/quotes/reveal`);
    expect(key.json).toEqual({ provider: 'quotes', ...KEY });
    expect(key.headers.get('cache-control')).toBe('no-store');
    const { label: _, ...secret } = OAUTH;
    const revealed = await user.api.post(`${PATH}/broker/reveal`);
    expect(revealed.json).toEqual({ provider: 'broker', ...secret, expiresAt: '2031-01-31T14:30:00.000Z' });
    expect((await user.api.delete(`${PATH}/quotes`)).status).toBe(204);
    expectRefused(await user.api.delete(`${PATH}/quotes`), 404, 'credential-not-found');
    expectRefused(await user.api.post(`${PATH}/quotes/reveal`), 404, 'credential-not-found');
  });

  it('is not revealed five minutes after the sign-in, by the clock of the database', async () => {
    const late = await app.signedIn('USER');
    await late.api.put(`${PATH}/quotes`, { json: KEY });
    await asOwner(
      `update sessions set authenticated_at = now() - interval '5 minutes 1 second' where user_id = '${late.userId}'`,
    );
    const refused = await late.api.post(`${PATH}/quotes/reveal`);
    expectRefused(refused, 403, 'recent-sign-in-required');
    expect(refused.text).not.toContain('sk-live');
    expect(
      await asOwner(
        `select action, outcome from audit_events where user_id = '${late.userId}' and action like 'credential.%' order by id`,
      ),
    ).toEqual([
      { action: 'credential.stored', outcome: 'success' },
      { action: 'credential.revealed', outcome: 'refused' },
    ]);
  });

  it('is nobody else’s, whatever their role, and no visitor has any', async () => {
    await put('quotes');
    expectRefused(await other.api.get(`${PATH}/quotes`), 404, 'credential-not-found');
    expectRefused(await other.api.post(`${PATH}/quotes/reveal`), 404, 'credential-not-found');
    expectRefused(await other.api.delete(`${PATH}/quotes`), 404, 'credential-not-found');
    expect((await other.api.get(PATH)).json).toEqual({ data: [], nextCursor: null });
    for (const call of ['get', 'delete', 'put'] as const)
      expect((await app.stranger[call](`${PATH}/quotes`, call === 'put' ? { json: KEY } : {})).status).toBe(
        401,
      );
    expect((await user.api.post(`${PATH}/quotes/reveal`)).json).toMatchObject(KEY);
  });
});

describe('what cannot be stored', () => {
  const long = 'x'.repeat(8_193);
  it.each([
    ['no kind', { apiKey: 'x' }],
    ['another kind', { kind: 'password', password: 'clear-in-body' }],
    ['an empty key', { kind: 'api-key', apiKey: '' }],
    ['a key over 8 KiB', { kind: 'api-key', apiKey: long }],
    ['a key over 8 KiB in bytes', { kind: 'api-key', apiKey: 'é'.repeat(4_097) }],
    ['U+0000', { kind: 'api-key', apiKey: 'clear-in-body\0' }],
    ['half of a pair', { kind: 'api-key', apiKey: 'clear-in-body\ud800' }],
    ['a number', { kind: 'api-key', apiKey: 12_345_678 }],
    ['members of the other kind', { ...KEY, accessToken: 'clear-in-body' }],
    ['unknown members', { ...KEY, userId: 'clear-in-body' }],
    ['no access token', { kind: 'oauth', refreshToken: 'clear-in-body' }],
    ['an end that is no instant', { ...OAUTH, expiresAt: 'tomorrow' }],
    ['an end before time', { ...OAUTH, expiresAt: '0000-01-01T00:00:00Z' }],
    ['scopes that are a text', { ...OAUTH, scopes: 'read trade' }],
    ['too many scopes', { ...OAUTH, scopes: Array.from({ length: 101 }, (_, n) => `s${n}`) }],
  ])('%s is a 400 that repeats no secret', async (_, body) => {
    const answer = await put('quotes', body);
    expect(answer.status).toBe(400);
    expect(answer.text).not.toMatch(/clear-in-body|sk-live|ya29|xxxx/);
    expect((await user.api.get(PATH)).json).toEqual({ data: [], nextCursor: null });
  });

  it.each(['Quotes', '-quotes', 'a%20b', 'a%2Fb', 'ä', 'x'.repeat(65), '%00'])(
    'a provider named %s',
    async (name) => {
      const answer = await put(name);
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain('sk-live');
    },
  );

  it('a secret of 8 KiB can be, to the byte', async () => {
    const apiKey = 'é'.repeat(4_096);
    expect((await put('quotes', { kind: 'api-key', apiKey })).status).toBe(201);
    expect((await user.api.post(`${PATH}/quotes/reveal`)).json).toMatchObject({ apiKey });
  });
});
