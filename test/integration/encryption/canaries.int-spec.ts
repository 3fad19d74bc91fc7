import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger, type INestApplicationContext, type LoggerService } from '@nestjs/common';
import { CredentialsService, type Actor } from '../../../src/credentials/credentials.service.js';
import { ExternalCredential } from '../../../src/credentials/external-credential.entity.js';
import { loggableDatabaseError } from '../../../src/database/loggable-error.js';
import { UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { Secret } from '../../../src/encryption/secret.js';
import { User } from '../../../src/users/user.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { actor, failure } from '../credentials/credentials-support.js';
import { asOwner, makeUser, newKey, openProcess } from './keys-support.js';

const CANARY = 'canary-7f3a-of-a-secret';

/** Keeps everything that is logged, however deep. */
class KeptLog implements LoggerService {
  readonly lines: string[] = [];
  log = (...entry: unknown[]): void => void this.lines.push(everythingOf(entry));
  error = this.log;
  warn = this.log;
}

const everythingOf = (value: unknown): string =>
  inspect(value, { depth: 20, showHidden: true, maxStringLength: null });

let db: TestDatabase;
let app: INestApplicationContext;
let ann: Actor;
const log = new KeptLog();

beforeAll(async () => {
  db = await createTestDatabase();
  app = await openProcess(db, { keys: newKey('k1'), logger: log });
  ann = actor(await makeUser(db, 'ann'));
});
afterAll(async () => {
  Logger.overrideLogger(false);
  await app.close();
  await db.drop();
});

/** Writes a row that the database refuses: an API key and an access token at once. */
async function refusedByTheDatabase(): Promise<unknown> {
  return failure(
    app.get(UnitOfWork).run({ userId: ann.user.userId }, async (em) => {
      const user = em.getReference(User, ann.user.userId);
      const secrets = { apiKey: Secret.of(CANARY), accessToken: Secret.of(CANARY) };
      em.persist(em.create(ExternalCredential, { user, provider: 'both', kind: 'api-key', ...secrets }));
    }),
  );
}

describe('a secret', () => {
  it('stands in no log line, with every statement logged, and in no error', async () => {
    const credentials = app.get(CredentialsService);
    const content = { kind: 'oauth' as const, accessToken: CANARY, refreshToken: CANARY };
    for (let time = 0; time < 3; time++)
      await credentials.store(ann, { provider: 'p', content, ifMatch: undefined });
    await credentials.store(ann, {
      provider: 'q',
      content: { kind: 'api-key', apiKey: CANARY },
      ifMatch: undefined,
    });
    expect(await credentials.reveal(ann, 'p')).toMatchObject({ accessToken: CANARY });
    const errors = [await refusedByTheDatabase()];
    await asOwner(
      db,
      `update external_credentials set access_token = access_token || 'A' where provider = 'p'`,
    );
    errors.push(await failure(credentials.reveal(ann, 'p')));
    const half = { kind: 'api-key' as const, apiKey: `${CANARY}\ud800` };
    errors.push(await failure(credentials.store(ann, { provider: 'r', content: half, ifMatch: undefined })));
    expect(errors.filter((error) => error instanceof Error)).toHaveLength(3);
    for (const error of errors) {
      expect(everythingOf(error)).not.toContain(CANARY);
      expect(everythingOf(loggableDatabaseError(error))).not.toContain(CANARY);
      expect(JSON.stringify(error)).not.toContain(CANARY);
    }
    const statements = log.lines.filter((line) => line.includes('external_credentials'));
    expect(statements.length).toBeGreaterThan(5);
    expect(log.lines.filter((line) => line.includes(CANARY))).toEqual([]);
  });

  it('never reached the database server in clear', async () => {
    const rows = await asOwner<{ text: string }>(
      db,
      `select query as text from pg_stat_activity where datname = current_database()
       union all select c::text from external_credentials c
       union all select a::text from audit_events a`,
    );
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.filter(({ text }) => text.includes(CANARY))).toEqual([]);
  });

  it('control: one that is written as plain text is found in the log', async () => {
    const before = log.lines.length;
    new Logger('Control').warn({ msg: 'control', secret: CANARY });
    expect(log.lines.slice(before).filter((line) => line.includes(CANARY))).toHaveLength(1);
  });
});
