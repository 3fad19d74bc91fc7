import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionSettings } from '../../../src/config/settings.js';
import { generateSecret } from '../../../src/encryption/secrets.js';
import { execute } from '../../migrations/migration-support.js';
import { buildOnce, databaseVariables, stockroom, urlOf } from '../../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

/** Commands that begin with the connection of the service, and those that begin with that of migrations. */
const COMMANDS = [
  'sessions end-all --yes',
  'users create-admin --email a@example.com',
  'retention run',
  'keys status',
  'db slow',
  'db indexes',
  'db migrate',
  'db rollback',
  'db status',
  'db check',
  'db verify',
  'db sql',
  'db roles',
];

/** What is wrong, and the line with which the start of the service ends for it. */
const TROUBLES: readonly (readonly [
  trouble: string,
  address: (right: ConnectionSettings) => ConnectionSettings,
  line: RegExp,
])[] = [
  [
    'a wrong password',
    (right) => ({ ...right, password: generateSecret(24) }),
    /^The database refuses \S+: wrong user or password\. Check DATABASE_URL\.\n$/,
  ],
  [
    'a host that is unknown',
    (right) => ({ ...right, host: 'nowhere.invalid' }),
    /^No database at nowhere\.invalid:\d+ within 0 s \((ENOTFOUND|EAI_AGAIN)\)\. Check DATABASE_URL, or that the server runs\.\n$/,
  ],
  [
    'a server that is down',
    (right) => ({ ...right, host: '127.0.0.1', port: 9 }),
    /^No database at 127\.0\.0\.1:9 within 0 s \(ECONNREFUSED\)\. Check DATABASE_URL, or that the server runs\.\n$/,
  ],
  [
    'a database that does not exist',
    (right) => ({ ...right, database: 'mistyped_name' }),
    /^There is no database "mistyped_name" for \S+ Create it, or check DATABASE_URL\.\n$/,
  ],
];

const CASES = COMMANDS.flatMap((words) =>
  TROUBLES.map(([trouble, address, line]) => ({ words, trouble, address, line })),
);

let db: TestDatabase;
beforeAll(async () => {
  buildOnce();
  db = await createTestDatabase();
}, 120_000);
afterAll(() => db.drop());

/** Whether the server has a database of that name. */
async function exists(name: string): Promise<boolean> {
  return (await execute(db.superuser, `select 1 from pg_database where datname = '${name}'`)).length > 0;
}

describe('a database that cannot be used', () => {
  it.each(CASES)(
    'is told by "stockroom $words" as by the start of the service: $trouble',
    async ({ words, address, line }) => {
      // A superuser could make whatever database is missing.
      const url = urlOf(address(db.superuser));
      const env = { ...databaseVariables(db), DATABASE_URL: url, DATABASE_MIGRATION_URL: url };
      const { status, stdout, stderr } = await stockroom(words.split(' '), { env });
      expect(stderr).toMatch(line);
      expect([status, stdout]).toEqual([1, '']);
      expect(await exists('mistyped_name')).toBe(false);
    },
    60_000,
  );
});
