import { defineConfig, type EntitySchema, type Options } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import type { ConnectionSettings, Settings } from '../config/settings.js';
import { passwordOf } from './direct-connection.js';
import { migrationFileName, MIGRATIONS_DIRECTORY } from './migration-files.js';
import { ReturningDriver } from './orm-driver.js';
import { OWNER_ROLE } from './roles.queries.js';
import { scrubLiterals } from './scrub-literals.js';

/** What the one ORM set-up needs. The entity list comes from above: this floor knows no feature. */
export interface OrmOptionsInput {
  readonly settings: Settings;
  readonly connection: ConnectionSettings;
  readonly entities: readonly EntitySchema[];
  /** Told of each statement of the ORM that took too long, with literals taken out. */
  readonly onSlowQuery?: (text: string, durationMs: number) => void;
}

/**
 * The ORM's options, for the service and for the command line alike.
 *
 * **Why** the ORM knows no replica: it would read there what is older than what the caller just wrote. `ReplicaReads` asks first how
 * far one has got.
 */
export function ormOptions(input: OrmOptionsInput): Options {
  const { settings, connection, entities } = input;
  const { pool } = settings.database;
  return defineConfig({
    driver: ReturningDriver,
    ...connectionOptions(connection, settings),
    pool: { min: 0, max: pool.max, idleTimeoutMillis: pool.idleTimeoutMs },
    entities: [...entities],
    extensions: [Migrator],
    // The ORM would make a database that is not there: a name with a typing error must be refused.
    ensureDatabase: false,
    migrations: {
      path: MIGRATIONS_DIRECTORY,
      pathTs: MIGRATIONS_DIRECTORY,
      glob: '[0-9][0-9][0-9]_*.{js,ts}',
      tableName: 'migrations',
      transactional: true,
      // One transaction per migration: with one for all, a migration that cannot run inside a transaction would wait for
      // the locks of those before it, for ever.
      allOrNothing: false,
      snapshot: false,
      fileName: migrationFileName,
    },
    schemaGenerator: {
      // The triggers that check once per statement stand in migrations; the committed schema dump guards them.
      ignoreTriggers: true,
      ignoreRoutines: true,
    },
    slowQueryThreshold: settings.log.slowQueryMs,
    logger: () => undefined,
    slowQueryLoggerFactory: () => slowQueryLogger(input.onSlowQuery),
    debug: false,
  });
}

/**
 * What every session of a migration starts with: it acts as the owner, and prints constants with a time zone as UTC and ISO
 * dates, or the comparison of entities and database would find a difference on every server that is set otherwise.
 */
export function ownerSession(connection: ConnectionSettings): string {
  const own = `-c role=${OWNER_ROLE} -c timezone=UTC -c datestyle=ISO`;
  return connection.options === undefined ? own : `${connection.options} ${own}`;
}

/**
 * The time limits that a session begins with.
 *
 * **Why** none through a pooler: it refuses a client that asks for settings at the start, or drops them silently. There the user's own
 * settings in the database are the limits, and the start warns when there are none.
 */
export function sessionLimits({
  timeouts,
  throughPooler,
}: Pick<Settings['database'], 'timeouts' | 'throughPooler'>): {
  readonly statement_timeout?: number;
  readonly lock_timeout?: number;
  readonly idle_in_transaction_session_timeout?: number;
} {
  if (throughPooler) return {};
  return {
    statement_timeout: timeouts.statementMs,
    lock_timeout: timeouts.lockMs,
    idle_in_transaction_session_timeout: timeouts.idleInTransactionMs,
  };
}

/** One connection in the ORM's words. What the ORM has no word for goes to the driver as it is. */
function connectionOptions(connection: ConnectionSettings, settings: Settings): Partial<Options> {
  const { pool } = settings.database;
  return {
    host: connection.host,
    port: connection.port,
    user: connection.user,
    ...(connection.currentPassword === undefined ? { password: connection.password } : {}),
    dbName: connection.database,
    driverOptions: {
      // A copy, as in `clientConfig`.
      ssl: connection.ssl && { ...connection.ssl },
      ...(connection.currentPassword === undefined ? {} : { password: passwordOf(connection) }),
      options: connection.options,
      application_name: 'stockroom',
      // Without it a request waits for a connection without end.
      connectionTimeoutMillis: pool.acquireTimeoutMs,
      maxLifetimeSeconds: pool.maxLifetimeSeconds,
      ...sessionLimits(settings.database),
      keepAlive: true,
    },
  };
}

type OrmLogger = ReturnType<NonNullable<Options['slowQueryLoggerFactory']>>;

function slowQueryLogger(onSlowQuery: OrmOptionsInput['onSlowQuery']): OrmLogger {
  return {
    log: () => undefined,
    error: () => undefined,
    warn: () => undefined,
    setDebugMode: () => undefined,
    isEnabled: () => true,
    logQuery: ({ query, took }) => onSlowQuery?.(scrubLiterals(query ?? ''), took ?? 0),
  } satisfies OrmLogger;
}
