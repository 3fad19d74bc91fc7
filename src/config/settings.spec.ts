import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration.errors.js';
import { secretNames } from './environment.schema.js';
import { loadSettings } from './settings.js';

const KEY = `k1:${Buffer.from(Array.from({ length: 32 }, (_, index) => index + 3)).toString('base64')}`;
const URL_LOCAL = 'postgres://app:pw@localhost/stock';
const EXTERNAL = { DATABASE_URL: URL_LOCAL, ENCRYPTION_KEYS: KEY };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-settings-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The lines of the refusal, without its first and last. */
function refusal(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.problems.map(({ variable, message }) => `${variable} ${message}`);
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('need no variable at all: the embedded database, on loopback', () => {
    const settings = loadSettings({ PATH: '/bin', NODE_ENV: 'production' });
    expect(settings.database).toMatchObject({ app: null, migration: null, replicas: [] });
    expect(settings.http).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      shutdownDelayMs: 0,
      shutdownGraceMs: 7000,
    });
    expect(settings.dataDir).toBe(resolve('.stockroom'));
    expect(settings.imports.spoolDir).toBe(resolve('.stockroom/spool'));
  });

  it('hold every value that was set', () => {
    const settings = loadSettings({
      PORT: '0',
      HOST: '::1',
      CORS_ORIGINS: 'https://a.example, http://localhost:5173,',
      TRUSTED_PROXIES: '10.0.0.0/8',
      STOCKROOM_DATA_DIR: '/srv/stockroom',
      STOCKROOM_SHUTDOWN_DELAY_MS: '7',
      STOCKROOM_ADMIN_EMAIL: 'root@example.com',
      STOCKROOM_ADMIN_PASSWORD: 'a password of mine',
      STOCKROOM_LOG_LEVEL: 'warn',
      STOCKROOM_DOCS_ENABLED: 'false',
      DATABASE_POOL_MAX: '20',
    });
    expect(settings.http).toMatchObject({
      port: 0,
      host: '::1',
      corsOrigins: ['https://a.example', 'http://localhost:5173'],
      trustedProxies: ['10.0.0.0/8'],
      shutdownDelayMs: 7,
      shutdownGraceMs: 7000,
    });
    expect(settings.dataDir).toBe('/srv/stockroom');
    expect(settings.imports.spoolDir).toBe('/srv/stockroom/spool');
    expect(settings.admin).toEqual({ email: 'root@example.com', password: 'a password of mine' });
    expect(settings.log.level).toBe('warn');
    expect(settings.docs.enabled).toBe(false);
    expect(settings.database.pool.max).toBe(20);
  });

  it('take an empty variable for one that is not set, and blanks around a value for nothing', () => {
    const settings = loadSettings({
      PORT: '',
      DATABASE_URL: '',
      STOCKROOM_ADMIN_PASSWORD_FILE: '',
      HOST: ' 127.0.0.1\n',
    });
    expect(settings.http).toMatchObject({ port: 3000, host: '127.0.0.1' });
    expect(settings.database.app).toBeNull();
  });

  it('keep the blanks of a secret', () => {
    const settings = loadSettings({
      STOCKROOM_ADMIN_EMAIL: 'a@example.com',
      STOCKROOM_ADMIN_PASSWORD: ' twelve blanks ',
    });
    expect(settings.admin.password).toBe(' twelve blanks ');
  });

  it.each([
    [{ PORT: '65536' }, /^PORT must be a whole number from 0 to 65535$/],
    [{ PORT: '3e3' }, /^PORT must/],
    [{ PORT: '-1' }, /^PORT must/],
    [{ PORT: '0x10' }, /^PORT must/],
    [{ STOCKROOM_DOCS_ENABLED: 'yes' }, /^STOCKROOM_DOCS_ENABLED must be true or false$/],
    [{ STOCKROOM_LOG_LEVEL: 'loud' }, /^STOCKROOM_LOG_LEVEL must be one of trace, debug/],
    [{ CORS_ORIGINS: '*' }, /^CORS_ORIGINS must name each origin in full/],
    [{ TRUSTED_PROXIES: '10.0.0.0/8,all' }, /^TRUSTED_PROXIES must hold IP addresses/],
    [{ HOST: 'http://x' }, /^HOST must be an IP address/],
    [
      { STOCKROOM_ADMIN_EMAIL: 'a@example.com' },
      /^STOCKROOM_ADMIN_PASSWORD is required beside STOCKROOM_ADMIN_EMAIL$/,
    ],
    [
      { STOCKROOM_ADMIN_EMAIL: 'a', STOCKROOM_ADMIN_PASSWORD: 'a password of mine' },
      /^STOCKROOM_ADMIN_EMAIL must be an e-mail/,
    ],
    [
      { STOCKROOM_ADMIN_EMAIL: 'a@example.com', STOCKROOM_ADMIN_PASSWORD: 'elevenchars' },
      /^STOCKROOM_ADMIN_PASSWORD must have 12 to 128/,
    ],
    [
      { STOCKROOM_ADMIN_EMAIL: 'a@example.com', STOCKROOM_ADMIN_PASSWORD: 'é'.repeat(129) },
      /^STOCKROOM_ADMIN_PASSWORD must have 12 to 128/,
    ],
    [
      { STOCKROOM_ADMIN_EMAIL: 'a@example.com', STOCKROOM_ADMIN_PASSWORD: 'replace-me-please' },
      /must not be a sample value/,
    ],
    [
      { ENCRYPTION_KEYS: 'k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
      /^ENCRYPTION_KEYS must not be the sample value/,
    ],
    [
      { APP_SECRET: 'a long and private text', ENCRYPTION_SALT: 'a long and private text' },
      /^ENCRYPTION_SALT must not be the same/,
    ],
    [{ APP_SECRET: 'a long and private text' }, /^ENCRYPTION_SALT is required beside APP_SECRET$/],
    [
      { APP_SECRET: 'secret', ENCRYPTION_SALT: 'a long and private text' },
      /^APP_SECRET must not be a sample value/,
    ],
    [
      { APP_SECRET: 'fifteen letters', ENCRYPTION_SALT: 'a long and private text' },
      /^APP_SECRET must have at least 16/,
    ],
    [
      { STOCKROOM_IMPORT_MAX_EXPANDED_BYTES: '2048' },
      /^STOCKROOM_IMPORT_MAX_EXPANDED_BYTES is 2048, less than/,
    ],
    [
      { STOCKROOM_IMPORT_CONCURRENCY: '10' },
      /^STOCKROOM_IMPORT_CONCURRENCY is 10, and DATABASE_POOL_MAX is 10/,
    ],
    [{ STOCKROOM_DATADIR: 'x' }, /^STOCKROOM_DATADIR is not a variable.*did you mean STOCKROOM_DATA_DIR\?$/],
    [{ DATABASE_STATEMENT_TIMEOUT: '5' }, /did you mean DATABASE_STATEMENT_TIMEOUT_MS\?$/],
    [{ DATABASE_URL_FILES: '/x' }, /did you mean DATABASE_URL_FILE\?$/],
    [{ STOCKROOM_WHATEVER_THIS_IS: '1' }, /take it out$/],
  ])('refuse %j, in one line that says the mend', (env, line) => {
    const lines = refusal(env);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
  });

  it.each([
    { STOCKROOM_SIGN_IN_MEMORY_SECONDS: '900', STOCKROOM_SIGN_IN_MAX_DELAY_SECONDS: '900' },
    { STOCKROOM_SESSION_IDLE_SECONDS: '600', STOCKROOM_SESSION_LIFETIME_SECONDS: '600' },
    {
      DATABASE_URL: 'postgres://u:p@pooler.example.com/alias?pgbouncer=true',
      DATABASE_MIGRATION_URL: 'postgres://o:p@db.example.com/stock',
      ENCRYPTION_KEYS: KEY,
    },
  ])('take values that just agree: %j', (env) => {
    expect(refusal(env)).toEqual([]);
  });

  it('leave what platforms set around the service alone', () => {
    const env = {
      STOCKROOM_SERVICE_HOST: '10.0.0.1',
      STOCKROOM_SERVICE_PORT: '3000',
      STOCKROOM_SERVICE_PORT_HTTP: '3000',
      STOCKROOM_PORT: 'tcp://10.0.0.1:3000',
      STOCKROOM_PORT_3000_TCP: 'tcp://10.0.0.1:3000',
      STOCKROOM_PORT_3000_TCP_ADDR: '10.0.0.1',
      DATABASE_URL_UNPOOLED: 'postgres://x',
      DATABASE_NOTHING: '',
    };
    expect(refusal(env)).toEqual([]);
  });

  it('explain a port that Kubernetes set', () => {
    expect(refusal({ DATABASE_PORT: 'tcp://10.0.0.1:5432' })[0]).toMatch(/enableServiceLinks: false/);
  });

  it('list everything that is wrong in one error, and no secret in it', () => {
    const env = {
      PORT: 'x',
      HOST: 'http://x',
      STOCKROOM_DATADIR: 'x',
      DATABASE_URL: 'postgres://app:hunter2%@db.example.com/stock',
      DATABASE_REPLICA_URLS: 'postgres://app:hunter2@a,b/stock',
      APP_SECRET: 'hunter2',
      STOCKROOM_ADMIN_EMAIL: 'a@example.com',
      STOCKROOM_ADMIN_PASSWORD: 'hunter2',
    };
    const wrong = refusal(env);
    for (const name of [
      'PORT',
      'HOST',
      'STOCKROOM_DATADIR',
      'DATABASE_URL',
      'DATABASE_REPLICA_URLS',
      'APP_SECRET',
      'STOCKROOM_ADMIN_PASSWORD',
    ]) {
      expect(wrong.filter((line) => line.startsWith(`${name} `))).toHaveLength(1);
    }
    expect(() => loadSettings(env)).toThrow(/docs\/configuration\.md/);
    expect(wrong.join('\n')).not.toContain('hunter2');
  });
});

describe('an external database', () => {
  it('serves, migrates by the same connection and waits a moment at shutdown', () => {
    const settings = loadSettings(EXTERNAL);
    expect(settings.database.app).toEqual({
      connectTimeoutMs: 5000,
      host: 'localhost',
      port: 5432,
      user: 'app',
      password: 'pw',
      database: 'stock',
      ssl: false,
    });
    expect(settings.database.migration).toEqual(settings.database.app);
    expect(settings.http.shutdownDelayMs).toBe(5000);
    expect(settings.encryption.keys).toBe(KEY);
  });

  it('may have an owner of its own and replicas', () => {
    const settings = loadSettings({
      ...EXTERNAL,
      DATABASE_MIGRATION_URL: 'postgres://owner:pw@localhost/stock',
      DATABASE_REPLICA_URLS:
        'postgres://app:p,w@localhost:5433/stock, postgres://app:pw@localhost:5434/stock',
    });
    expect(settings.database.migration?.user).toBe('owner');
    expect(settings.database.replicas.map(({ port, password }) => [port, password])).toEqual([
      [5433, 'p,w'],
      [5434, 'pw'],
    ]);
  });

  it('can be given as fields, with a password that is not encoded', () => {
    const settings = loadSettings({
      DATABASE_HOST: 'db.example.com',
      DATABASE_USER: 'app',
      DATABASE_PASSWORD: 'p@ss%/w',
      DATABASE_NAME: 'stock',
      DATABASE_SSLMODE: 'require',
      APP_SECRET: 'a long and private text',
      ENCRYPTION_SALT: 'another private text',
    });
    expect(settings.database.app).toEqual({
      connectTimeoutMs: 5000,
      host: 'db.example.com',
      port: 5432,
      user: 'app',
      password: 'p@ss%/w',
      database: 'stock',
      ssl: { rejectUnauthorized: false, servername: 'db.example.com' },
    });
  });

  it('needs no keys for what reads no encrypted value, and still refuses keys that are wrong', () => {
    const env = { DATABASE_URL: URL_LOCAL };
    expect(loadSettings(env, { keys: false }).encryption.keys).toBeUndefined();
    expect(() => loadSettings(env)).toThrow(/ENCRYPTION_KEYS is required/);
    expect(() => loadSettings({ ...env, ENCRYPTION_KEYS: 'k1:short' }, { keys: false })).toThrow(
      /ENCRYPTION_KEYS/,
    );
  });

  it('switches named statements off behind an old pooler, unless told otherwise', () => {
    const pooled = { ...EXTERNAL, DATABASE_URL: `${URL_LOCAL}?pgbouncer=true` };
    expect(loadSettings(EXTERNAL).database.namedStatements).toBe(true);
    expect(loadSettings(pooled).database.namedStatements).toBe(false);
    expect(loadSettings({ ...pooled, DATABASE_NAMED_STATEMENTS: 'true' }).database.namedStatements).toBe(
      true,
    );
  });

  it.each([
    [
      { DATABASE_URL: URL_LOCAL },
      [/^ENCRYPTION_KEYS is required with an external database \(or APP_SECRET.*k1:<key>/],
    ],
    [{ ...EXTERNAL, DATABASE_HOST: 'h' }, [/^DATABASE_URL is set beside DATABASE_HOST; keep the URL/]],
    [{ ...EXTERNAL, DATABASE_SSLROOTCERT: '/x' }, [/^DATABASE_URL is set beside DATABASE_SSLROOTCERT/]],
    [
      { DATABASE_PORT: '5433', ENCRYPTION_KEYS: KEY },
      [/^DATABASE_HOST is required/, /^DATABASE_USER is/, /^DATABASE_NAME is/],
    ],
    [
      { DATABASE_HOST: 'h', DATABASE_USER: 'u', ENCRYPTION_KEYS: KEY },
      [/^DATABASE_NAME is required beside DATABASE_HOST/],
    ],
    [{ DATABASE_REPLICA_URLS: URL_LOCAL }, [/^DATABASE_REPLICA_URLS is set without DATABASE_URL/]],
    [{ DATABASE_MIGRATION_URL: URL_LOCAL }, [/^DATABASE_MIGRATION_URL is set without DATABASE_URL/]],
    [
      { ...EXTERNAL, DATABASE_MIGRATION_URL: `${URL_LOCAL}?pgbouncer=true` },
      [/^DATABASE_MIGRATION_URL must be a direct connection/],
    ],
    [
      { ...EXTERNAL, DATABASE_URL: 'postgres://app:replace-me@h/stock' },
      [/^DATABASE_URL must not hold the sample password/],
    ],
  ])('is refused for %j', (env, lines) => {
    const found = refusal(env);
    expect(found).toHaveLength(lines.length);
    lines.forEach((line, index) => expect(found[index]).toMatch(line));
  });
});

describe('a secret from a file', () => {
  it('is read without the last line break, and nothing else is taken off', () => {
    for (const ending of ['', '\n', '\r\n']) {
      const path = file('password', ` a password of mine ${ending}`);
      const settings = loadSettings({
        STOCKROOM_ADMIN_EMAIL: 'a@example.com',
        STOCKROOM_ADMIN_PASSWORD_FILE: path,
      });
      expect(settings.admin.password).toBe(' a password of mine ');
    }
    const two = file('two', 'a password of mine\n\n');
    expect(
      loadSettings({ STOCKROOM_ADMIN_EMAIL: 'a@example.com', STOCKROOM_ADMIN_PASSWORD_FILE: two }).admin
        .password,
    ).toBe('a password of mine\n');
  });

  it('works for every secret there is', () => {
    expect(secretNames).toEqual([
      'DATABASE_URL',
      'DATABASE_MIGRATION_URL',
      'DATABASE_REPLICA_URLS',
      'DATABASE_PASSWORD',
      'STOCKROOM_ADMIN_PASSWORD',
      'ENCRYPTION_KEYS',
      'APP_SECRET',
      'ENCRYPTION_SALT',
    ]);
    const settings = loadSettings({
      DATABASE_URL_FILE: file('url', `${URL_LOCAL}\n`),
      ENCRYPTION_KEYS_FILE: file('keys', KEY),
    });
    expect(settings.database.app?.database).toBe('stock');
    expect(settings.encryption.keys).toBe(KEY);
  });

  it.each([
    [
      '/nowhere/at-all',
      /^ENCRYPTION_KEYS_FILE names a file that cannot be read \(ENOENT\): \/nowhere\/at-all$/,
    ],
    ['', /./],
  ])('is refused when it cannot be read: %j', (path, line) => {
    const lines = refusal({ DATABASE_URL: URL_LOCAL, ENCRYPTION_KEYS_FILE: path });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
  });

  it('is refused when it is empty, a folder, too large or no text', () => {
    const lineFor = (path: string) => refusal({ ENCRYPTION_KEYS_FILE: path })[0];
    expect(lineFor(file('empty', '\n'))).toMatch(/names an empty file/);
    expect(lineFor(folder)).toMatch(/EISDIR/);
    expect(lineFor(file('large', 'x'.repeat(70_000)))).toMatch(/too large/);
    expect(lineFor(file('binary', Uint8Array.of(65, 0, 66)))).toMatch(/no text/);
  });

  it('is refused beside the variable itself', () => {
    expect(refusal({ ENCRYPTION_KEYS: KEY, ENCRYPTION_KEYS_FILE: file('k', KEY) })).toEqual([
      'ENCRYPTION_KEYS_FILE is set beside ENCRYPTION_KEYS; keep one of them',
    ]);
  });
});
