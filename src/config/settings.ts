import { resolve } from 'node:path';
import { ConfigurationError, type ConfigurationProblem } from './configuration.errors.js';
import { databaseConnections, type DatabaseConnections } from './database.settings.js';
import type { ConnectionSettings } from './database-url.js';
import { environmentSchema, secretNames, variableNames, type Environment } from './environment.schema.js';
import { environmentProblems } from './environment.rules.js';
import { readSecretFiles, type VariableTexts } from './secret-files.js';
import { unknownVariables } from './unknown-variables.js';

export type { ConnectionSettings } from './database-url.js';

/** Injection token of `Settings`. */
export const SETTINGS = Symbol('SETTINGS');

/** Everything that can be configured, checked. **Units** stand in the names. What each means: `docs/configuration.md`. */
export interface Settings {
  /** Absolute. */
  readonly dataDir: string;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly corsOrigins: readonly string[];
    readonly trustedProxies: readonly string[];
    readonly bodyLimitBytes: number;
    readonly shutdownDelayMs: number;
  };
  readonly database: {
    /** Null: the embedded database. */
    readonly app: ConnectionSettings | null;
    /** The same as `app` unless said otherwise; null with the embedded database. */
    readonly migration: ConnectionSettings | null;
    readonly replicas: readonly ConnectionSettings[];
    readonly replicaReads: Environment['DATABASE_REPLICA_READS'];
    readonly pool: {
      readonly max: number;
      readonly acquireTimeoutMs: number;
      readonly idleTimeoutMs: number;
      readonly maxLifetimeSeconds: number;
    };
    readonly timeouts: {
      readonly connectMs: number;
      readonly statementMs: number;
      readonly lockMs: number;
      readonly idleInTransactionMs: number;
    };
    readonly namedStatements: boolean;
    /** A pooler may give each transaction another session: nothing may be set for a session. */
    readonly throughPooler: boolean;
    readonly startupWaitSeconds: number;
    readonly migrateOnStart: boolean;
  };
  readonly sessions: {
    readonly idleSeconds: number;
    readonly lifetimeSeconds: number;
    readonly cookie: Environment['STOCKROOM_SESSION_COOKIE'];
  };
  readonly visitors: { readonly enabled: boolean; readonly idleSeconds: number };
  readonly accounts: { readonly registrationEnabled: boolean };
  readonly admin: { readonly email: string | undefined; readonly password: string | undefined };
  /** One way at least is given with an external database; with the embedded one both may be undefined. */
  readonly encryption: EncryptionSettings;
  readonly limits: LimitSettings;
  readonly imports: {
    readonly maxBytes: number;
    readonly maxExpandedBytes: number;
    readonly idleTimeoutMs: number;
    readonly concurrency: number;
    /** Absolute. */
    readonly spoolDir: string;
  };
  readonly history: {
    /** Text-search configuration of PostgreSQL that new messages are stored under. */
    readonly searchLanguage: string;
    /** For people who set nothing themselves, and for visitors; null: kept for ever. */
    readonly messageRetentionDays: number | null;
  };
  readonly events: {
    readonly pollMs: number;
    readonly heartbeatMs: number;
    readonly streamsPerCaller: number;
    readonly streams: number;
  };
  readonly log: {
    readonly level: Environment['STOCKROOM_LOG_LEVEL'];
    readonly format: Environment['STOCKROOM_LOG_FORMAT'];
    readonly slowQueryMs: number;
  };
  readonly docs: { readonly enabled: boolean };
}

/** How often clients may ask and guess. **Units**: requests or attempts, per address where nothing else is said. */
export interface LimitSettings {
  readonly enabled: boolean;
  readonly windowSeconds: number;
  readonly perUser: number;
  readonly perAddress: number;
  /** Per hour. */
  readonly registrationsPerAddress: number;
  readonly signIn: {
    readonly freeAttempts: number;
    readonly maxDelaySeconds: number;
    readonly memorySeconds: number;
    /** From all addresses: each so many cost unknown addresses one free attempt. */
    readonly accountFailures: number;
    readonly failuresPerAddress: number;
  };
}

/** What the key ring is made of. **Shape**: the texts of `ENCRYPTION_KEYS`, `APP_SECRET` and `ENCRYPTION_SALT`. */
export interface EncryptionSettings {
  readonly keys: string | undefined;
  readonly appSecret: string | undefined;
  readonly salt: string | undefined;
  /** Where `keys` came from, if that is a file: a running process reads it again when it changes. */
  readonly keysFile?: KeysFile | undefined;
}

/** A file with keys. **Shape**: the text of `ENCRYPTION_KEYS` alone, or the secrets of a data directory with it among them. */
export interface KeysFile {
  readonly path: string;
  readonly format: 'list' | 'data-directory';
}

/**
 * Reads the environment, once, at the start of the service or of a command.
 *
 * **Errors**: `ConfigurationError`, with every variable that is wrong and how to mend it.
 */
export function loadSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const known = new Set([...variableNames, ...secretNames.map((name) => `${name}_FILE`)]);
  const unknown = unknownVariables(env, known);
  const given = givenTexts(env, known);
  const secrets = readSecretFiles(given, secretNames);
  const { environment, problems: wrong } = readEnvironment(secrets.texts);
  const database = databaseConnections(environment);
  // A variable that is wrong was read as if it were not set; what would follow from that is not worth saying.
  const silent = new Set([
    ...secrets.problems.map(({ variable }) => variable.replace(/_FILE$/, '')),
    ...wrong.map(named),
  ]);
  const following = [...database.problems, ...environmentProblems(environment)].filter(
    ({ variable }) => !silent.has(variable),
  );
  const problems = [...unknown, ...secrets.problems, ...wrong, ...following];
  if (problems.length > 0) throw new ConfigurationError(problems);
  const settings = toSettings(environment, database.connections);
  return { ...settings, encryption: { ...settings.encryption, ...keysFile(given['ENCRYPTION_KEYS_FILE']) } };
}

function keysFile(path: string | undefined): Pick<EncryptionSettings, 'keysFile'> {
  return path === undefined ? {} : { keysFile: { path: resolve(path), format: 'list' } };
}

/** **Why** an empty value counts as unset: compose files and shells write `NAME=` for what they have no value for. */
function givenTexts(env: NodeJS.ProcessEnv, known: ReadonlySet<string>): VariableTexts {
  const secret = new Set<string>(secretNames);
  const texts: Record<string, string> = {};
  for (const name of known) {
    // A blank may be part of a secret, and is a slip everywhere else.
    const value = secret.has(name) ? env[name] : env[name]?.trim();
    if (value !== undefined && value !== '') texts[name] = value;
  }
  return texts;
}

function readEnvironment(texts: VariableTexts): {
  environment: Environment;
  problems: ConfigurationProblem[];
} {
  const parsed = environmentSchema.safeParse(texts);
  if (parsed.success) return { environment: parsed.data, problems: [] };
  const problems = parsed.error.issues.map(({ path, message }) => ({
    variable: String(path[0]),
    message: withHint(message, texts[String(path[0])]),
  }));
  // The rest is read without them, so that the rules between variables are checked in the same start.
  const wrong = new Set(problems.map(named));
  const rest = Object.entries(texts).filter(([name]) => !wrong.has(name));
  return { environment: environmentSchema.parse(Object.fromEntries(rest)), problems };
}

function withHint(message: string, value: string | undefined): string {
  return value?.startsWith('tcp://') === true
    ? `${message}; Kubernetes sets this one for a service of that name: set enableServiceLinks: false in the pod`
    : message;
}

function named({ variable }: ConfigurationProblem): string {
  return variable;
}

function toSettings(environment: Environment, connections: DatabaseConnections): Settings {
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
  };
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

function databaseSettings(environment: Environment, connections: DatabaseConnections): Settings['database'] {
  return {
    app: connections.app,
    migration: connections.migration,
    replicas: connections.replicas,
    replicaReads: environment.DATABASE_REPLICA_READS,
    pool: {
      max: environment.DATABASE_POOL_MAX,
      acquireTimeoutMs: environment.DATABASE_POOL_ACQUIRE_TIMEOUT_MS,
      idleTimeoutMs: environment.DATABASE_POOL_IDLE_TIMEOUT_MS,
      maxLifetimeSeconds: environment.DATABASE_POOL_MAX_LIFETIME_SECONDS,
    },
    timeouts: {
      connectMs: environment.DATABASE_CONNECT_TIMEOUT_MS,
      statementMs: environment.DATABASE_STATEMENT_TIMEOUT_MS,
      lockMs: environment.DATABASE_LOCK_TIMEOUT_MS,
      idleInTransactionMs: environment.DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
    namedStatements: environment.DATABASE_NAMED_STATEMENTS ?? !connections.throughPooler,
    throughPooler: connections.throughPooler || environment.DATABASE_NAMED_STATEMENTS === false,
    startupWaitSeconds: environment.DATABASE_STARTUP_WAIT_SECONDS,
    migrateOnStart: environment.DATABASE_MIGRATE_ON_START,
  };
}
