import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { INestApplicationContext } from '@nestjs/common';
import { etagOf, StaleResource } from '../../../src/common/etag.js';
import type { SignedIn } from '../../../src/common/principal.js';
import { CredentialNotFound, CredentialUnreadable } from '../../../src/credentials/credentials.errors.js';
import { CredentialsService, type Actor } from '../../../src/credentials/credentials.service.js';
import { ExternalCredential } from '../../../src/credentials/external-credential.entity.js';
import { UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { DecryptionError } from '../../../src/encryption/encryption.errors.js';
import { Secret } from '../../../src/encryption/secret.js';
import { RecentSignInRequired } from '../../../src/sessions/sessions.errors.js';
import { User } from '../../../src/users/user.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { asOwner, makeUser, newKey, openProcess } from '../encryption/keys-support.js';

const CLEAR = 'sk-live-0123456789-αβγ';
const SESSION = '0190a000-0000-7000-8000-00000000aaaa';

let db: TestDatabase;
let app: INestApplicationContext;
let credentials: CredentialsService;
let ann: Actor;
let bob: Actor;

const actor = (userId: string, changes: Partial<SignedIn> = {}): Actor => ({
  user: { userId, role: 'USER', sessionId: SESSION, recentlyAuthenticated: true, ...changes },
  origin: { address: '192.0.2.7', userAgent: 'test', requestId: 'r-1' },
});
const put = (who: Actor, provider: string, apiKey: string, ifMatch?: string) =>
  credentials.store(who, { provider, content: { kind: 'api-key', apiKey }, ifMatch });
const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

beforeAll(async () => {
  db = await createTestDatabase();
  app = await openProcess(db, { keys: newKey('k1') });
  credentials = app.get(CredentialsService);
  ann = actor(await makeUser(db, 'ann'));
  bob = actor(await makeUser(db, 'bob'));
});
afterAll(async () => {
  await app.close();
  await db.drop();
});
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

describe('an encrypted property', () => {
  // The ORM prints its own generated code when a conversion is refused.
  beforeAll(() => void jest.spyOn(console, 'error').mockImplementation(() => undefined));
  afterAll(() => {
    jest.restoreAllMocks();
  });
  const asAnn = <T>(work: (em: EntityManager) => Promise<T>): Promise<T> =>
    app.get(UnitOfWork).run({ userId: ann.user.userId }, work);
  const make = (em: EntityManager, provider: string, apiKey: Secret): ExternalCredential =>
    em.create(ExternalCredential, {
      user: em.getReference(User, ann.user.userId),
      provider,
      kind: 'api-key',
      apiKey,
    });

  it('shows itself in no way but one', async () => {
    await put(ann, 'quotes', CLEAR);
    const credential = await asAnn((em) => em.findOneOrFail(ExternalCredential, { provider: 'quotes' }));
    const fresh = Secret.of(CLEAR);
    for (const value of [credential, credential.apiKey, fresh, { nested: [fresh] }]) {
      const shown = [
        JSON.stringify(value),
        inspect(value, { depth: 9, showHidden: true }),
        value instanceof Secret ? value.toString() : '',
      ];
      expect(shown.join()).not.toContain('sk-live');
    }
    expect(JSON.stringify(credential)).not.toMatch(/v1\.k1|apiKey/);
    expect(credential.apiKey?.reveal()).toBe(CLEAR);
  });

  it('that did not change is not written again', async () => {
    await put(ann, 'quotes', CLEAR);
    const before = await asOwner(db, 'select api_key, version from external_credentials');
    await asAnn(async (em) => {
      const credential = await em.findOneOrFail(ExternalCredential, { provider: 'quotes' });
      credential.apiKey?.reveal();
      await em.flush();
    });
    expect(await asOwner(db, 'select api_key, version from external_credentials')).toEqual(before);
  });

  it('taken from another row is encrypted for its own', async () => {
    await put(ann, 'one', CLEAR);
    await asAnn(async (em) => {
      const one = await em.findOneOrFail(ExternalCredential, { provider: 'one' });
      em.persist(make(em, 'two', one.apiKey ?? Secret.of('')));
    });
    expect(await credentials.reveal(ann, 'one')).toMatchObject({ apiKey: CLEAR });
    expect(await credentials.reveal(ann, 'two')).toMatchObject({ apiKey: CLEAR });
    const cells = await asOwner<{ api_key: string }>(db, 'select api_key from external_credentials');
    expect(new Set(cells.map(({ api_key }) => api_key)).size).toBe(2);
  });

  it('that was read anew still knows its row, and none but its own', async () => {
    await put(ann, 'one', CLEAR);
    await put(ann, 'two', 'another secret');
    await asAnn(async (em) => {
      const where = { provider: 'one' };
      await em.findOneOrFail(ExternalCredential, where);
      const again = await em.findOneOrFail(ExternalCredential, where, { refresh: true });
      await em.flush();
      expect(again.apiKey?.reveal()).toBe(CLEAR);
    });
    const [two] = await asOwner<{ api_key: string }>(
      db,
      `select api_key from external_credentials where provider = 'two'`,
    );
    const moved = asAnn(async (em) => {
      const one = await em.findOneOrFail(ExternalCredential, { provider: 'one' });
      one.apiKey = Secret.stored(two?.api_key ?? '');
    });
    expect(await failure(moved)).toBeInstanceOf(DecryptionError);
    expect(await credentials.reveal(ann, 'one')).toMatchObject({ apiKey: CLEAR });
  });

  it('of an entity that the ORM refreshed by way of JSON is never written', async () => {
    await put(ann, 'one', CLEAR);
    const refreshed = asAnn(async (em) => {
      const one = await em.findOneOrFail(ExternalCredential, { provider: 'one' });
      await em.refresh(one);
      one.label = 'changed';
    });
    expect(String(await failure(refreshed))).toContain('takes a Secret');
    expect(await credentials.reveal(ann, 'one')).toMatchObject({ apiKey: CLEAR });
  });

  it('that cannot be encrypted stops the whole unit of work', async () => {
    const work = asAnn(async (em) => {
      em.persist(make(em, 'good', Secret.of(CLEAR)));
      em.persist(make(em, 'bad', Secret.of('half of a pair: \ud800')));
    });
    expect(await failure(work)).toBeInstanceOf(RangeError);
    expect(await asOwner(db, 'select 1 from external_credentials')).toEqual([]);
  });

  it('takes no plain text and cannot be searched', async () => {
    const plain = asAnn(async (em) => {
      em.persist(make(em, 'plain', CLEAR as unknown as Secret));
    });
    expect(String(await failure(plain))).toContain('takes a Secret');
    const search = asAnn((em) => em.findOne(ExternalCredential, { apiKey: Secret.of(CLEAR) }));
    expect(String(await failure(search))).toContain('cannot be searched');
    const bypass = asAnn((em) => em.nativeUpdate(ExternalCredential, {}, { apiKey: Secret.of(CLEAR) }));
    expect(String(await failure(bypass))).toContain('before it was encrypted');
  });
});

describe('stored secrets, moved about by whoever writes to the database', () => {
  it('open in their own cell alone: every ordered pair of cells', async () => {
    const columns = ['api_key', 'access_token', 'refresh_token'] as const;
    const oauth = (n: number) => ({
      kind: 'oauth' as const,
      accessToken: `access ${n}`,
      refreshToken: `refresh ${n}`,
    });
    for (const [n, who] of [ann, bob].entries()) {
      await put(who, 'key-1', `key 1 of ${n}`);
      await put(who, 'key-2', `key 2 of ${n}`);
      await credentials.store(who, { provider: 'oauth', content: oauth(n), ifMatch: undefined });
    }
    const rows = await asOwner<Record<'id' | (typeof columns)[number], string | null>>(
      db,
      'select id, api_key, access_token, refresh_token from external_credentials',
    );
    const cells = rows.flatMap((row) =>
      columns.flatMap((column) => (row[column] === null ? [] : [{ id: row.id, column, text: row[column] }])),
    );
    expect(cells).toHaveLength(8);
    let refused = 0;
    for (const to of cells) {
      for (const from of cells) {
        await asOwner(db, `update external_credentials set ${to.column} = $1 where id = $2`, [
          from.text,
          to.id,
        ]);
        const answers = await Promise.all(
          [ann, bob].flatMap((who) =>
            ['key-1', 'key-2', 'oauth'].map((provider) => failure(credentials.reveal(who, provider))),
          ),
        );
        const broken = answers.filter((error) => error !== null);
        if (to === from) expect(broken).toEqual([]);
        else expect(broken).toEqual([expect.any(CredentialUnreadable)]);
        refused += broken.length;
        await asOwner(db, `update external_credentials set ${to.column} = $1 where id = $2`, [
          to.text,
          to.id,
        ]);
      }
    }
    expect(refused).toBe(8 * 7);
  }, 60_000);

  it('are not replaced by plain text, Fernet tokens or nothing that looks right', async () => {
    await put(ann, 'quotes', CLEAR);
    for (const planted of [
      'sk-planted',
      'gAAAAABlU_EA',
      'v1.k1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA',
      'v2.k1.a.b',
      '',
    ]) {
      await asOwner(db, 'update external_credentials set api_key = $1', [planted]);
      const error = await failure(credentials.reveal(ann, 'quotes'));
      expect(error).toBeInstanceOf(CredentialUnreadable);
      expect((error as CredentialUnreadable).cause).toBeInstanceOf(DecryptionError);
    }
  });
});
