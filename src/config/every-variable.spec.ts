import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration.errors.js';
import { environmentSchema, secretNames, variableNames, type VariableName } from './environment.schema.js';
import { loadSettings } from './settings.js';
import { factsOf } from './variable.js';

/** Values that a variable of free text refuses. **Shape**: an empty list for one that takes any text, with the reason. */
const MALFORMED: Partial<Record<VariableName, readonly string[]>> = {
  HOST: ['http://x', 'a b'],
  METRICS_HOST: ['http://x', 'a b'],
  CORS_ORIGINS: ['*', 'app.example.com', 'https://app.example.com/path'],
  TRUSTED_PROXIES: ['all', '10.0.0.0/33'],
  DATABASE_URL: ['localhost', 'mysql://u:p@h/d', 'postgres://u:p@h:0/d', 'postgres://u:p@h/d?sslmode=maybe'],
  DATABASE_MIGRATION_URL: ['localhost', 'postgres://u:p@h/d?pgbouncer=true'],
  DATABASE_REPLICA_URLS: ['localhost', 'postgres://u:p@a,b/d'],
  DATABASE_HOST: ['a b', 'http://x'],
  DATABASE_SSLROOTCERT: ['/nowhere/ca.pem'],
  STOCKROOM_ADMIN_EMAIL: ['nobody'],
  STOCKROOM_ADMIN_PASSWORD: ['short', 'x'.repeat(129)],
  APP_SECRET: ['short', 'changeme'],
  ENCRYPTION_SALT: ['short', 'changeme'],
  ENCRYPTION_KEYS: ['k1', 'k1:short', 'k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  // A name may hold anything; whether it is there is seen when it is used.
  DATABASE_USER: [],
  DATABASE_PASSWORD: [],
  DATABASE_NAME: [],
  STOCKROOM_DATA_DIR: [],
  STOCKROOM_IMPORT_SPOOL_DIR: [],
  STOCKROOM_SEARCH_LANGUAGE: [],
};

/** What goes with a variable that is not used alone. */
const COMPANY: Partial<Record<VariableName, NodeJS.ProcessEnv>> = {
  DATABASE_MIGRATION_URL: { DATABASE_URL: 'postgres://u:p@localhost/d' },
  DATABASE_REPLICA_URLS: { DATABASE_URL: 'postgres://u:p@localhost/d' },
  DATABASE_SSLROOTCERT: {
    DATABASE_HOST: 'db.example.com',
    DATABASE_USER: 'u',
    DATABASE_NAME: 'd',
    DATABASE_SSLMODE: 'verify-full',
  },
};

/** Variables that contradict each other, or of which one is missing. **Shape**: the one that is named, and all that are set. */
const CONTRADICTORY: readonly (readonly [variable: string, env: NodeJS.ProcessEnv])[] = [
  ['DATABASE_URL', { DATABASE_URL: 'postgres://u:p@h/d', DATABASE_HOST: 'h' }],
  ['DATABASE_USER', { DATABASE_HOST: 'h', DATABASE_NAME: 'd' }],
  ['DATABASE_NAME', { DATABASE_HOST: 'h', DATABASE_USER: 'u' }],
  ['DATABASE_HOST', { DATABASE_USER: 'u', DATABASE_NAME: 'd' }],
  ['DATABASE_MIGRATION_URL', { DATABASE_MIGRATION_URL: 'postgres://u:p@h/d' }],
  ['DATABASE_REPLICA_URLS', { DATABASE_REPLICA_URLS: 'postgres://u:p@h/d' }],
  ['ENCRYPTION_KEYS', { DATABASE_URL: 'postgres://u:p@h/d' }],
  ['ENCRYPTION_SALT', { APP_SECRET: 'a long and private text' }],
  ['APP_SECRET', { ENCRYPTION_SALT: 'a long and private text' }],
  ['ENCRYPTION_SALT', { APP_SECRET: 'a long and private text', ENCRYPTION_SALT: 'a long and private text' }],
  ['STOCKROOM_ADMIN_PASSWORD', { STOCKROOM_ADMIN_EMAIL: 'a@example.com' }],
  ['STOCKROOM_ADMIN_EMAIL', { STOCKROOM_ADMIN_PASSWORD: 'a password of mine' }],
  [
    'STOCKROOM_IMPORT_MAX_EXPANDED_BYTES',
    { STOCKROOM_IMPORT_MAX_BYTES: '4096', STOCKROOM_IMPORT_MAX_EXPANDED_BYTES: '2048' },
  ],
  [
    'STOCKROOM_SIGN_IN_MEMORY_SECONDS',
    { STOCKROOM_SIGN_IN_MEMORY_SECONDS: '899', STOCKROOM_SIGN_IN_MAX_DELAY_SECONDS: '900' },
  ],
  [
    'STOCKROOM_SESSION_IDLE_SECONDS',
    { STOCKROOM_SESSION_IDLE_SECONDS: '601', STOCKROOM_SESSION_LIFETIME_SECONDS: '600' },
  ],
  [
    'DATABASE_MIGRATION_URL',
    { DATABASE_URL: 'postgres://u:p@h/d', DATABASE_MIGRATION_URL: 'postgres://o:p@h/other' },
  ],
  ['STOCKROOM_IMPORT_CONCURRENCY', { STOCKROOM_IMPORT_CONCURRENCY: '5', DATABASE_POOL_MAX: '5' }],
];

/** The lines of a refusal. **Errors**: when there is none. */
function refusal(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(lineOf);
    throw error;
  }
  throw new Error(`not refused: ${JSON.stringify(env)}`);
}

function lineOf({ variable, message }: { variable: string; message: string }): string {
  return `${variable} ${message}`;
}

/** Values that must be refused; null when the table above is to say. */
function malformed(name: VariableName): readonly string[] | null {
  const { values } = factsOf(environmentSchema.shape[name]);
  const range = /^whole number, (\d+) to (\d+)$/.exec(values);
  if (range !== null) {
    const [, min = '', max = ''] = range;
    return ['many', '1.5', '1e3', '0x10', String(Number(max) + 1), String(Number(min) - 1)];
  }
  if (values === '`true` or `false`') return ['yes', '1', 'TRUE'];
  if (/^`[^`]+`(, `[^`]+`)+$/.test(values)) return ['neither of them', values.replaceAll('`', '')];
  return MALFORMED[name] ?? null;
}

const cases = variableNames.flatMap((name) => (malformed(name) ?? []).map((value) => [name, value] as const));

describe('every variable', () => {
  it('has values that it refuses, or a reason why there are none', () => {
    expect(variableNames.filter((name) => malformed(name) === null)).toEqual([]);
  });

  it.each(cases)('%s=%s is refused by a line that names it and the mend', (name, value) => {
    const lines = refusal({ ...COMPANY[name], [name]: value });
    const line = lines.find((text) => text.startsWith(`${name} `)) ?? '';
    // What it must be, must hold, must not be, or what to write instead.
    expect(line).toMatch(/ must |cannot be read|names a file|holds a bare %/);
    if (secretNames.includes(name)) expect(line).not.toContain(value);
  });

  it.each(CONTRADICTORY)('%s is named where it is missing or contradicts another: %j', (variable, env) => {
    const lines = refusal(env);
    expect(lines.some((line) => line.startsWith(`${variable} `))).toBe(true);
  });
});
