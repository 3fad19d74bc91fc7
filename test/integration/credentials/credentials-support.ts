import type { INestApplicationContext } from '@nestjs/common';
import type { SignedIn } from '../../../src/common/principal.js';
import { CredentialsService, type Actor } from '../../../src/credentials/credentials.service.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { makeUser, newKey, openProcess } from '../encryption/keys-support.js';

export const CLEAR = 'sk-live-0123456789-αβγ';
export const SESSION = '0190a000-0000-7000-8000-00000000aaaa';

/** One process over a database of its own, and two people. */
export interface CredentialsTest {
  readonly db: TestDatabase;
  readonly app: INestApplicationContext;
  readonly credentials: CredentialsService;
  readonly ann: Actor;
  readonly bob: Actor;
  /** Stores an API key. */
  readonly put: (
    who: Actor,
    provider: string,
    apiKey: string,
    ifMatch?: string,
  ) => ReturnType<CredentialsService['store']>;
  close(): Promise<void>;
}

/** Call it in `beforeAll` and its `close` in `afterAll`. */
export async function openCredentials(): Promise<CredentialsTest> {
  const db = await createTestDatabase();
  const app = await openProcess(db, { keys: newKey('k1') });
  const credentials = app.get(CredentialsService);
  return {
    ...{ db, app, credentials },
    ann: actor(await makeUser(db, 'ann')),
    bob: actor(await makeUser(db, 'bob')),
    put: (who, provider, apiKey, ifMatch) =>
      credentials.store(who, { provider, content: { kind: 'api-key', apiKey }, ifMatch }),
    close: async () => {
      await app.close();
      await db.drop();
    },
  };
}

/** Somebody who asks, signed in just now unless said otherwise. */
export function actor(userId: string, changes: Partial<SignedIn> = {}): Actor {
  return {
    user: { userId, role: 'USER', sessionId: SESSION, recentlyAuthenticated: true, ...changes },
    origin: { address: '192.0.2.7', userAgent: 'test', requestId: 'r-1' },
  };
}

/** The error that a promise ends with; null when it does not. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}
