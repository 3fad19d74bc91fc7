import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { etagOf, StaleResource } from '../../../src/common/etag.js';
import { CredentialNotFound, CredentialUnreadable } from '../../../src/credentials/credentials.errors.js';
import type { CredentialsService, Actor } from '../../../src/credentials/credentials.service.js';
import type { TestDatabase } from '../../support/test-database.js';
import { RecentSignInRequired } from '../../../src/sessions/sessions.errors.js';
import { asOwner } from '../encryption/keys-support.js';
import { CLEAR, failure, openCredentials, SESSION, type CredentialsTest } from './credentials-support.js';

let test: CredentialsTest;
let db: TestDatabase;
let credentials: CredentialsService;
let ann: Actor;
let bob: Actor;
let put: CredentialsTest['put'];

beforeAll(async () => {
  test = await openCredentials();
  ({ db, credentials, ann, bob, put } = test);
});
afterAll(() => test.close());
beforeEach(async () => {
  await asOwner(db, 'delete from external_credentials');
});

describe('a credential', () => {
  it('is stored encrypted, shown masked, and comes back whole', async () => {
    const { created, credential } = await put(ann, 'quotes', CLEAR);
    expect(created).toBe(true);
    const masked = {
      provider: 'quotes',
      kind: 'api-key',
      label: null,
      lastFour: '-αβγ',
      scopes: [],
      expiresAt: null,
    };
    expect(credential).toEqual({ ...masked, updatedAt: expect.any(Date) });
    expect((await credentials.list(ann.user, { limit: 50, cursor: undefined })).data).toEqual([credential]);
    const [row] = await asOwner<{ api_key: string; text: string }>(
      db,
      'select api_key, c::text as text from external_credentials c',
    );
    expect(row?.api_key).toMatch(/^v1\.k1\.[\w-]{16}\.[\w-]+$/);
    expect(row?.text).not.toContain('sk-live');
    expect(await credentials.reveal(ann, 'quotes')).toEqual({
      provider: 'quotes',
      kind: 'api-key',
      apiKey: CLEAR,
    });
  });

  it('of OAuth has both tokens, scopes and an end', async () => {
    const content = {
      ...{ kind: 'oauth' as const, accessToken: 'a'.repeat(40), refreshToken: 'r'.repeat(40), label: 'mine' },
      ...{ expiresAt: '2030-01-31T14:30:00+01:00', scopes: ['read', 'write, "all"'] },
    };
    await credentials.store(ann, { provider: 'broker', content, ifMatch: undefined });
    expect(await credentials.reveal(ann, 'broker')).toEqual({
      ...{
        provider: 'broker',
        kind: 'oauth',
        accessToken: content.accessToken,
        refreshToken: content.refreshToken,
      },
      ...{ expiresAt: new Date('2030-01-31T13:30:00Z'), scopes: content.scopes },
    });
  });

  it('is replaced as a whole, whatever its kind was', async () => {
    const content = {
      kind: 'oauth' as const,
      accessToken: 'a'.repeat(40),
      refreshToken: 'r',
      scopes: ['read'],
    };
    await credentials.store(ann, { provider: 'quotes', content, ifMatch: undefined });
    const { created, etag } = await put(ann, 'quotes', CLEAR);
    expect(created).toBe(false);
    const [row] = await asOwner(db, 'select access_token, refresh_token, scopes from external_credentials');
    expect(row).toEqual({ access_token: null, refresh_token: null, scopes: [] });
    expect(await failure(put(ann, 'quotes', 'other', etagOf(1)))).toBeInstanceOf(StaleResource);
    expect((await put(ann, 'quotes', 'other-secret', etag)).credential.lastFour).toBe('cret');
    expect(await failure(put(ann, 'nothing-there', CLEAR, '*'))).toBeInstanceOf(StaleResource);
  });

  it.each(['x', 'short', 'eleven-char'])('%j is too short to show four characters of it', async (text) => {
    expect((await put(ann, 'quotes', text)).credential.lastFour).toBeNull();
    expect(await credentials.reveal(ann, 'quotes')).toMatchObject({ apiKey: text });
  });

  it('is nobody else’s', async () => {
    await put(ann, 'quotes', CLEAR);
    expect((await credentials.list(bob.user, { limit: 50, cursor: undefined })).data).toEqual([]);
    expect(await failure(credentials.get(bob.user, 'quotes'))).toBeInstanceOf(CredentialNotFound);
    expect(await failure(credentials.reveal(bob, 'quotes'))).toBeInstanceOf(CredentialNotFound);
    expect(await failure(credentials.remove(bob, 'quotes', undefined))).toBeInstanceOf(CredentialNotFound);
    await put(bob, 'quotes', 'bob has his own');
    expect(await credentials.reveal(ann, 'quotes')).toMatchObject({ apiKey: CLEAR });
  });

  it('stored by twenty requests at once is one, the last', async () => {
    const stored = await Promise.all(
      Array.from({ length: 20 }, (_, n) => put(ann, 'quotes', `secret number ${n}`)),
    );
    expect(stored.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(stored.map(({ etag }) => etag)).size).toBe(20);
    const newest = stored.findIndex(({ etag }) => etag === etagOf(20));
    expect(await credentials.reveal(ann, 'quotes')).toMatchObject({ apiKey: `secret number ${newest}` });
  });

  it('is removed for good', async () => {
    const { etag } = await put(ann, 'quotes', CLEAR);
    expect(await failure(credentials.remove(ann, 'quotes', '"9"'))).toBeInstanceOf(StaleResource);
    await credentials.remove(ann, 'quotes', etag);
    expect(await failure(credentials.get(ann.user, 'quotes'))).toBeInstanceOf(CredentialNotFound);
    expect(await asOwner(db, 'select 1 from external_credentials')).toEqual([]);
  });

  it('is listed by provider, page by page', async () => {
    const providers = ['a', 'b', 'b-1', 'b.1', 'c', 'z_9'];
    for (const provider of providers) await put(ann, provider, CLEAR);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await credentials.list(ann.user, { limit: 4, cursor });
      seen.push(...page.data.map(({ provider }) => provider));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen.toSorted()).toEqual(providers.toSorted());
    expect(seen).toHaveLength(providers.length);
  });

  it('is revealed only soon after a sign-in, and every try is in the audit log', async () => {
    await put(ann, 'quotes', CLEAR);
    const stale = { ...ann, user: { ...ann.user, recentlyAuthenticated: false } };
    expect(await failure(credentials.reveal(stale, 'quotes'))).toBeInstanceOf(RecentSignInRequired);
    await credentials.reveal(ann, 'quotes');
    await asOwner(db, `update external_credentials set api_key = overlay(api_key placing 'AAAA' from 40)`);
    const error = await failure(credentials.reveal(ann, 'quotes'));
    expect(error).toBeInstanceOf(CredentialUnreadable);
    expect(inspect(error, { depth: 9 })).not.toContain('sk-live');
    const events = await asOwner<{ action: string; outcome: string; details: object }>(
      db,
      `select action, outcome, user_id, session_id, address, details from audit_events
       where user_id = $1 and created_at > now() - interval '10 s' order by id desc limit 4`,
      [ann.user.userId],
    );
    const common = { user_id: ann.user.userId, session_id: SESSION, address: '192.0.2.7' };
    const provider = 'quotes';
    expect(events.toReversed()).toEqual([
      { ...common, action: 'credential.stored', outcome: 'success', details: { provider, kind: 'api-key' } },
      { ...common, action: 'credential.revealed', outcome: 'refused', details: { provider } },
      { ...common, action: 'credential.revealed', outcome: 'success', details: { provider } },
      {
        ...common,
        action: 'credential.revealed',
        outcome: 'failure',
        details: { provider, column: 'api_key' },
      },
    ]);
  });
});
