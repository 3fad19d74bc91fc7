import { Module, type INestApplicationContext, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { entities } from '../../../mikro-orm.config.js';
import { ConfigModule } from '../../../src/config/config.module.js';
import { loadSettings, type KeysFile, type Settings } from '../../../src/config/settings.js';
import { CredentialsModule } from '../../../src/credentials/credentials.module.js';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { generateSecret } from '../../../src/encryption/secrets.js';
import { KeysModule } from '../../../src/keys/keys.module.js';
import type { TestDatabase } from '../../support/test-database.js';

/** A key for `ENCRYPTION_KEYS`. */
export const newKey = (id: string): string => `${id}:${generateSecret(32)}`;

/** What differs between the processes of a test. */
export interface ProcessOptions {
  readonly keys: string;
  readonly keysFile?: KeysFile;
  /** Is told everything, every statement included. */
  readonly logger?: LoggerService;
}

/** Settings of a process over a test's database. */
export function settingsOf(
  db: Pick<TestDatabase, 'app' | 'owner'>,
  { keys, keysFile, logger }: ProcessOptions,
): Settings {
  const settings = loadSettings({ ENCRYPTION_KEYS: keys });
  return {
    ...settings,
    log: { ...settings.log, slowQueryMs: logger === undefined ? 60_000 : 0 },
    encryption: { ...settings.encryption, keysFile },
    database: { ...settings.database, app: db.app, migration: db.owner },
  };
}

/** What of a process of the service has to do with secrets, over a test's database. Not reported until its presence begins. */
export async function openProcess(
  db: Pick<TestDatabase, 'app' | 'owner'>,
  options: ProcessOptions,
): Promise<INestApplicationContext> {
  const settings = settingsOf(db, options);
  @Module({
    imports: [
      ConfigModule.forRoot(() => settings),
      DatabaseModule.forRoot({ settings, connection: db.app, entities }),
      CredentialsModule,
      KeysModule,
    ],
  })
  class SecretsOnly {}
  return NestFactory.createApplicationContext(SecretsOnly, {
    logger: options.logger ?? false,
    abortOnError: false,
  });
}

/** A person in the database. **Shape**: their id. */
export async function makeUser(db: TestDatabase, username: string): Promise<string> {
  return withConnection(db.owner, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `insert into users (id, email, username, password_hash)
       values (gen_random_uuid(), $1 || '@example.org', $1, '-')
       returning id`,
      [username],
    );
    return rows[0]?.id ?? '';
  });
}

/** Rows of one statement, as the owner sees them: every person's. */
export async function asOwner<T extends object>(
  db: TestDatabase,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  return withConnection(db.owner, async (client) => {
    await client.query('set role stockroom_owner');
    return (await client.query<T>(text, values)).rows;
  });
}
