import { resolve } from 'node:path';
import type { DatabaseConnections } from './database.settings.js';
import type { Environment } from './environment.schema.js';
import type { LimitSettings, Settings } from './settings.types.js';

/** The environment in the words of the program. */
export function toSettings(environment: Environment, connections: DatabaseConnections): Settings {
  const dataDir = resolve(environment.STOCKROOM_DATA_DIR);
  return {
    dataDir,
    http: httpSettings(environment, connections.app !== null),
    database: databaseSettings(environment, connections),
    sessions: {
      idleSeconds: environment.STOCKROOM_SESSION_IDLE_SECONDS,
      lifetimeSeconds: environment.STOCKROOM_SESSION_LIFETIME_SECONDS,
      cookie: environment.STOCKROOM_SESSION_COOKIE,
    },
    visitors: {
      enabled: environment.STOCKROOM_VISITORS_ENABLED,
      idleSeconds: environment.STOCKROOM_VISITOR_IDLE_SECONDS,
    },
    accounts: { registrationEnabled: environment.STOCKROOM_REGISTRATION_ENABLED },
    admin: { email: environment.STOCKROOM_ADMIN_EMAIL, password: environment.STOCKROOM_ADMIN_PASSWORD },
    encryption: {
      keys: environment.ENCRYPTION_KEYS,
      appSecret: environment.APP_SECRET,
      salt: environment.ENCRYPTION_SALT,
    },
    limits: limitSettings(environment),
    imports: importSettings(environment, dataDir),
    changes: { maxRows: environment.STOCKROOM_BARS_PER_CHANGE },
    history: {
      searchLanguage: environment.STOCKROOM_SEARCH_LANGUAGE,
      messageRetentionDays: environment.STOCKROOM_MESSAGE_RETENTION_DAYS ?? null,
    },
    events: eventSettings(environment),
    log: {
      level: environment.STOCKROOM_LOG_LEVEL,
      format: environment.STOCKROOM_LOG_FORMAT,
      slowQueryMs: environment.STOCKROOM_SLOW_QUERY_MS,
    },
    docs: { enabled: environment.STOCKROOM_DOCS_ENABLED },
    metrics: metricsSettings(environment),
  };
}

function metricsSettings({ METRICS_PORT: port, METRICS_HOST: host, HOST }: Environment): Settings['metrics'] {
  return port === undefined ? null : { port, host: host ?? HOST };
}

function importSettings(environment: Environment, dataDir: string): Settings['imports'] {
  return {
    maxBytes: environment.STOCKROOM_IMPORT_MAX_BYTES,
    maxExpandedBytes: environment.STOCKROOM_IMPORT_MAX_EXPANDED_BYTES,
    idleTimeoutMs: environment.STOCKROOM_IMPORT_IDLE_TIMEOUT_MS,
    concurrency: environment.STOCKROOM_IMPORT_CONCURRENCY,
    spoolDir: resolve(environment.STOCKROOM_IMPORT_SPOOL_DIR ?? `${dataDir}/spool`),
  };
}

function eventSettings(environment: Environment): Settings['events'] {
  return {
    pollMs: environment.STOCKROOM_EVENT_POLL_MS,
    heartbeatMs: environment.STOCKROOM_EVENT_HEARTBEAT_SECONDS * 1_000,
    streamsPerCaller: environment.STOCKROOM_EVENT_STREAMS_PER_CALLER,
    streams: environment.STOCKROOM_EVENT_STREAMS,
  };
}

function httpSettings(environment: Environment, externalDatabase: boolean): Settings['http'] {
  return {
    host: environment.HOST,
    port: environment.PORT,
    corsOrigins: environment.CORS_ORIGINS,
    trustedProxies: environment.TRUSTED_PROXIES,
    bodyLimitBytes: environment.STOCKROOM_BODY_LIMIT_BYTES,
    shutdownDelayMs: environment.STOCKROOM_SHUTDOWN_DELAY_MS ?? (externalDatabase ? 5_000 : 0),
    shutdownGraceMs: environment.STOCKROOM_SHUTDOWN_GRACE_MS,
  };
}

function limitSettings(environment: Environment): LimitSettings {
  return {
    enabled: environment.STOCKROOM_REQUEST_QUOTAS_ENABLED,
    windowSeconds: environment.STOCKROOM_REQUEST_QUOTA_SECONDS,
    perUser: environment.STOCKROOM_REQUEST_QUOTA_PER_USER,
    perAddress: environment.STOCKROOM_REQUEST_QUOTA_PER_ADDRESS,
    registrationsPerAddress: environment.STOCKROOM_REGISTRATIONS_PER_ADDRESS,
    signIn: {
      freeAttempts: environment.STOCKROOM_SIGN_IN_FREE_ATTEMPTS,
      maxDelaySeconds: environment.STOCKROOM_SIGN_IN_MAX_DELAY_SECONDS,
      memorySeconds: environment.STOCKROOM_SIGN_IN_MEMORY_SECONDS,
      accountFailures: environment.STOCKROOM_SIGN_IN_ACCOUNT_FAILURES,
      failuresPerAddress: environment.STOCKROOM_SIGN_IN_FAILURES_PER_ADDRESS,
    },
  };
}

/** Behind a request, our own periodic work goes on for so long. **Units**: milliseconds. */
const AWAKE_MS = 30_000;
/** A suspended server takes a few hundred milliseconds to a few seconds to answer. **Units**: milliseconds. */
const WAKE_UP_MS = 15_000;

function databaseSettings(environment: Environment, given: DatabaseConnections): Settings['database'] {
  const isServerless = environment.DATABASE_SERVERLESS ?? /\.neon\.tech$/i.test(given.app?.host ?? '');
  const connectMs = environment.DATABASE_CONNECT_TIMEOUT_MS ?? (isServerless ? WAKE_UP_MS : 5_000);
  const connections = withTimeout(given, connectMs);
  return {
    app: connections.app,
    migration: connections.migration,
    replicas: connections.replicas,
    replicaReads: environment.DATABASE_REPLICA_READS,
    pool: {
      max: environment.DATABASE_POOL_MAX,
      acquireTimeoutMs: environment.DATABASE_POOL_ACQUIRE_TIMEOUT_MS ?? (isServerless ? WAKE_UP_MS : 3_000),
      idleTimeoutMs: environment.DATABASE_POOL_IDLE_TIMEOUT_MS ?? (isServerless ? 1_000 : 30_000),
      maxLifetimeSeconds: environment.DATABASE_POOL_MAX_LIFETIME_SECONDS,
    },
    timeouts: {
      connectMs,
      statementMs: environment.DATABASE_STATEMENT_TIMEOUT_MS,
      lockMs: environment.DATABASE_LOCK_TIMEOUT_MS,
      idleInTransactionMs: environment.DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
    namedStatements: environment.DATABASE_NAMED_STATEMENTS ?? !connections.throughPooler,
    throughPooler: connections.throughPooler || environment.DATABASE_NAMED_STATEMENTS === false,
    serverless: isServerless ? { awakeMs: AWAKE_MS } : null,
    startupWaitSeconds: environment.DATABASE_STARTUP_WAIT_SECONDS,
    migrateOnStart: environment.DATABASE_MIGRATE_ON_START,
  };
}

function withTimeout(connections: DatabaseConnections, connectTimeoutMs: number): DatabaseConnections {
  const { app, migration, replicas } = connections;
  return {
    ...connections,
    app: app && { ...app, connectTimeoutMs },
    migration: migration && { ...migration, connectTimeoutMs },
    replicas: replicas.map((replica) => ({ ...replica, connectTimeoutMs })),
  };
}
