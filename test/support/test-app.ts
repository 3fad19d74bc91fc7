import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Role } from '../../src/common/principal.js';
import type { OpenDatabase } from '../../src/boot/open-database.js';
import { StartupService } from '../../src/boot/startup.service.js';
import { loadSettings, SETTINGS, type Settings } from '../../src/config/settings.js';
import { generateSecret } from '../../src/encryption/secrets.js';
import { createApp } from '../../src/http/create-app.js';
import type { Tracing } from '../../src/tracing/start-tracing.js';
import { ApiClient } from './api-client.js';
import { Personas, visitorHeaders, type Persona } from './personas.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** What a test may set differently. */
export interface TestAppOptions {
  /** Variables of the environment, as a person who runs the service would set them. */
  readonly env?: NodeJS.ProcessEnv;
  /** Limits that no person may set so low. */
  readonly imports?: Partial<Settings['imports']>;
  readonly pool?: Partial<Settings['database']['pool']>;
  /** A replica of a service that runs: over its database and with its keys. Close it first. */
  readonly beside?: TestApp;
  readonly tracing?: Tracing;
  /** Another way to the database than the direct one, or replicas of it. */
  readonly database?: (db: TestDatabase) => Partial<OpenDatabase['settings']['database']>;
}

/** The real service on a port of its own, over a database of its own. */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly db: TestDatabase;
  readonly url: string;
  /** Asks as a SUPER_ADMIN, and checks every answer against the OpenAPI document. */
  readonly api: ApiClient;
  /** The SUPER_ADMIN that `api` stands for. */
  readonly admin: Persona;
  /** Asks without credentials. */
  readonly stranger: ApiClient;
  /** A new person of a role, signed in. */
  signedIn(role: Role): Promise<Persona>;
  /** Asks as a visitor whom the service has never seen. */
  visitor(): ApiClient;
  readonly spoolDir: string;
  /** Stops the service, drops the database, removes the folder. */
  close(): Promise<void>;
}

const KEY_BYTES = 32;

/**
 * Starts the service as `npm start` does, but for the database: a copy of the migrated template, connected to as the
 * application role. Call it in `beforeAll` and its `close` in `afterAll`.
 */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { beside } = options;
  const db = beside?.db ?? (await createTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), 'stockroom-app-'));
  const database = openTestDatabase(db, dataDir, options);
  const app = await createApp(database, options.tracing ?? null);
  await app.listen(0, '127.0.0.1');
  await app.get(StartupService).run(new AbortController().signal);
  const url = await app.getUrl();
  const stranger = await ApiClient.connect(url);
  const personas = new Personas(app, stranger);
  const admin = await personas.signedIn('SUPER_ADMIN');
  return {
    app,
    db,
    url,
    api: admin.api,
    admin,
    stranger,
    signedIn: (role) => personas.signedIn(role),
    visitor: () => stranger.with(visitorHeaders()),
    spoolDir: database.settings.imports.spoolDir,
    close: async () => {
      await app.close();
      if (beside === undefined) await db.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function openTestDatabase(db: TestDatabase, dataDir: string, options: TestAppOptions): OpenDatabase {
  const settings = loadSettings({
    STOCKROOM_DATA_DIR: dataDir,
    STOCKROOM_LOG_LEVEL: 'silent',
    // The template was migrated already; a second look at it costs a second for each test file.
    DATABASE_MIGRATE_ON_START: 'false',
    // All tests come from one address; those of the limits switch them on.
    STOCKROOM_REQUEST_QUOTAS_ENABLED: 'false',
    ENCRYPTION_KEYS:
      options.beside?.app.get<Settings>(SETTINGS).encryption.keys ?? `test-1:${generateSecret(KEY_BYTES)}`,
    ...options.env,
  });
  return {
    settings: {
      ...settings,
      imports: { ...settings.imports, ...options.imports },
      database: {
        ...settings.database,
        pool: { ...settings.database.pool, ...options.pool },
        app: db.app,
        migration: db.owner,
        ...options.database?.(db),
      },
    },
    superuser: null,
    unref: () => undefined,
    close: async () => undefined,
  };
}
