import type { ConnectionSettings } from './database-url.js';
import type { Environment } from './environment.schema.js';

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
    readonly shutdownGraceMs: number;
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
    /** A database that is suspended when nobody needs it; null: any other. **Units**: how long it is kept awake behind a request. */
    readonly serverless: { readonly awakeMs: number } | null;
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
  /** Of one merge or revert. */
  readonly changes: { readonly maxRows: number };
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
  /** Null: metrics are neither counted nor served. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
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
