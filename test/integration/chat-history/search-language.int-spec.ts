import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { entities } from '../../../mikro-orm.config.js';
import { prepareDatabase } from '../../../src/boot/prepare-database.js';
import { loadSettings } from '../../../src/config/settings.js';
import { generateSecret } from '../../../src/encryption/secrets.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** What a start does before it serves. */
async function prepare(language: string): Promise<void> {
  const settings = loadSettings({
    STOCKROOM_SEARCH_LANGUAGE: language,
    DATABASE_MIGRATE_ON_START: 'false',
    ENCRYPTION_KEYS: `test-1:${generateSecret(32)}`,
  });
  const database = { ...settings.database, app: db.app, migration: db.owner };
  const open = {
    ...{ settings: { ...settings, database }, superuser: null },
    ...{ unref: () => undefined, close: async () => undefined },
  };
  await prepareDatabase(open, { entities, onStep: () => undefined, onWarning: () => undefined });
}

describe('a start', () => {
  it.each(['english', 'german', 'simple'])('takes the search language %s', async (language) => {
    await expect(prepare(language)).resolves.toBeUndefined();
  });

  it('ends with the languages that there are when PostgreSQL lacks the configured one', async () => {
    await expect(prepare('klingon')).rejects.toThrow(
      /STOCKROOM_SEARCH_LANGUAGE is "klingon", and this PostgreSQL has: .*english, .*german/,
    );
  });

  it('refuses what is no name at all before it asks anybody', () => {
    for (const language of ["english'; drop table messages", 'English', 'pg_catalog.english']) {
      expect(() => loadSettings({ STOCKROOM_SEARCH_LANGUAGE: language })).toThrow(
        'STOCKROOM_SEARCH_LANGUAGE',
      );
    }
  });
});
