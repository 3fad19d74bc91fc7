import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { CredentialsService, Actor } from '../../../src/credentials/credentials.service.js';
import type { TestDatabase } from '../../support/test-database.js';
import { ExternalCredential } from '../../../src/credentials/external-credential.entity.js';
import { UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { DecryptionError } from '../../../src/encryption/encryption.errors.js';
import { Secret } from '../../../src/encryption/secret.js';
import { User } from '../../../src/users/user.entity.js';
import { CLEAR, failure, openCredentials, type CredentialsTest } from '../credentials/credentials-support.js';
import { asOwner } from './keys-support.js';

let test: CredentialsTest;
let db: TestDatabase;
let credentials: CredentialsService;
let ann: Actor;
let put: CredentialsTest['put'];

beforeAll(async () => {
  test = await openCredentials();
  ({ db, credentials, ann, put } = test);
});
afterAll(() => test.close());
beforeEach(async () => {
  await asOwner(db, 'delete from external_credentials');
});

describe('an encrypted property', () => {
  // The ORM prints its own generated code when a conversion is refused.
  beforeAll(() => void jest.spyOn(console, 'error').mockImplementation(() => undefined));
  afterAll(() => {
    jest.restoreAllMocks();
  });
  const asAnn = <T>(work: (em: EntityManager) => Promise<T>): Promise<T> =>
    test.app.get(UnitOfWork).run({ userId: ann.user.userId }, work);
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
