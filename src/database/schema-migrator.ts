import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { MikroORM, type EntitySchema } from '@mikro-orm/postgresql';
import type { Client } from 'pg';
import type { ConnectionSettings, Settings } from '../config/settings.js';
import { BusyClients } from './busy-clients.js';
import { DatabaseSetupError } from './database.errors.js';
import { runStatement, withConnection } from './direct-connection.js';
import { driverErrorFacts } from './driver-errors.js';
import { migrationFile, migrationNames, migrationNumber, unknownMigrations } from './migration-files.js';
import { releaseMigrationLock, tryMigrationLock } from './migration-lock.queries.js';
import { createMigrationList } from './migration-script.queries.js';
import { ormOptions, ownerSession } from './orm-options.js';
import { requireDirect } from './pooler.js';
import { isGrant, repairGrants } from './repair-grants.js';
import { currentUserRights, missingRoles, OWNER_ROLE } from './roles.queries.js';
import { appliedMigrations } from './schema-state.queries.js';

const LOCK_POLL_MS = 250;
const LOCK_WAIT_MS = 10 * 60_000;
// A schema change that must wait for a long transaction gives way, so that requests queue behind it for a second at
// most, and is tried again.
const DDL_LOCK_TIMEOUT_MS = 1_000;
const DDL_STATEMENT_TIMEOUT_MS = 10 * 60_000;
const DDL_ATTEMPTS = 30;

/** One migration: applied (with its time) or pending. */
export interface MigrationState {
  readonly name: string;
  readonly appliedAt: Date | null;
}

/** SQL that one pending migration will run. */
export interface PendingSql {
  readonly name: string;
  /** False for what cannot run inside a transaction, such as `create index concurrently`. */
  readonly transactional: boolean;
  readonly statements: readonly string[];
}

/**
 * Applies, steps back and lists migrations, as the owner role, over a direct connection.
 *
 * **Why** a lock of our own: the ORM takes none, and ten replicas that start at once would apply each migration ten times.
 * It is polled, not waited for: a session that waits inside a statement holds a snapshot, which `create index
 * concurrently` in the session that migrates would wait for in turn.
 */
export class SchemaMigrator {
  constructor(
    private readonly settings: Settings,
    private readonly connection: ConnectionSettings,
    private readonly entities: readonly EntitySchema[],
    /** Breaks off what runs, so that it is rolled back. */
    private readonly interrupted?: AbortSignal,
  ) {}

  /** Applies what is pending, up to number `to` if given. **Shape**: names of those applied now, in order. */
  async up(to: number = Infinity): Promise<readonly string[]> {
    return this.locked(async (orm) => {
      await requireKnown(orm);
      const pending = (await orm.migrator.getPending()).map(({ name }) => name);
      const names = pending.filter((name) => migrationNumber(name) <= to);
      for (const name of names) await this.apply(() => orm.migrator.up({ migrations: [name] }));
      return names;
    });
  }

  /**
   * Steps back the newest migration, or every one newer than number `to` (0 for all). **Shape**: names of those undone,
   * newest first.
   */
  async down(to?: number): Promise<readonly string[]> {
    return this.locked(async (orm) => {
      await requireKnown(orm);
      const executed = (await orm.migrator.getExecuted()).map(({ name }) => name).reverse();
      const names =
        to === undefined ? executed.slice(0, 1) : executed.filter((name) => migrationNumber(name) > to);
      for (const name of names) await this.apply(() => orm.migrator.down({ migrations: [name] }));
      return names;
    });
  }

  /** Every migration, applied ones first, in order. Takes no lock. */
  async status(): Promise<readonly MigrationState[]> {
    return this.withOrm(async (orm) => {
      const executed = await orm.migrator.getExecuted();
      const pending = await orm.migrator.getPending();
      return [
        ...executed.map((row) => ({ name: row.name, appliedAt: row.executed_at })),
        ...pending.map((row) => ({ name: row.name, appliedAt: null })),
      ];
    });
  }

  /**
   * The SQL of each pending migration, without running any; before the first one, that of the list of applied ones.
   *
   * **Why** the ORM is not asked what is pending: it makes the list where there is none.
   */
  async pendingSql(): Promise<readonly PendingSql[]> {
    return this.withOrm(async (orm) => {
      const applied = await withConnection(this.connection, appliedNames);
      const names = migrationNames().filter((name) => applied?.includes(name) !== true);
      const pending = await Promise.all(
        names.map(async (name) => ({ name, ...(await migrationSql(orm, name)) })),
      );
      const [first, ...others] = pending;
      if (applied !== null || first === undefined) return pending;
      return [{ ...first, statements: [createMigrationList(), ...first.statements] }, ...others];
    });
  }

  /**
   * Gives the application and the read-only role what they need on tables that are there already, and nothing more.
   *
   * **Errors**: `DatabaseSetupError` when the database is newer than this build, whose exceptions it cannot know.
   */
  async repairGrants(): Promise<void> {
    await this.locked(async (orm) => {
      const executed = await orm.migrator.getExecuted();
      const statements = await Promise.all(
        executed.map(async ({ name }) => (await migrationSql(orm, name)).statements),
      );
      const grants = statements.flat().filter(isGrant);
      const asOwner = { ...this.connection, options: ownerSession(this.connection) };
      await withConnection(asOwner, (client) => repairGrants(client, grants));
    });
  }

  /** **Errors**: `DatabaseSetupError` when the database was migrated by a later release, with which this build cannot be compared. */
  async requireKnown(): Promise<void> {
    await this.withOrm(requireKnown);
  }

  /** SQL that would make the database agree with the entities; empty when they agree. */
  async drift(): Promise<string> {
    return this.withOrm(async (orm) => (await orm.schema.getUpdateSchemaSQL({ wrap: false })).trim());
  }

  /** One migration is one transaction: given up for a lock or for a signal, it has left nothing and may be run again. */
  private async apply(run: () => Promise<unknown>): Promise<void> {
    this.interrupted?.throwIfAborted();
    await retryLockTimeout(run);
  }

  private async locked<T>(work: (orm: MikroORM) => Promise<T>): Promise<T> {
    return withConnection(this.connection, async (client) => {
      await requireDirect(client, this.connection);
      await takeLock(client);
      try {
        return await this.withOrm(work);
      } finally {
        await runStatement(client, releaseMigrationLock()).catch(() => undefined);
      }
    });
  }

  private async withOrm<T>(work: (orm: MikroORM) => Promise<T>): Promise<T> {
    await this.requireRoles();
    const base = ormOptions({
      settings: this.settings,
      connection: this.connection,
      entities: this.entities,
    });
    const orm = await MikroORM.init({
      ...base,
      replicas: [],
      pool: { min: 0, max: 2 },
      driverOptions: {
        ...base.driverOptions,
        options: ownerSession(this.connection),
        lock_timeout: DDL_LOCK_TIMEOUT_MS,
        statement_timeout: DDL_STATEMENT_TIMEOUT_MS,
      },
    });
    const busy = new BusyClients(await orm.em.getConnection().getNativeClient());
    const onInterrupted = (): void => void busy.end(this.connection);
    this.interrupted?.addEventListener('abort', onInterrupted);
    try {
      this.interrupted?.throwIfAborted();
      return await work(orm);
    } finally {
      this.interrupted?.removeEventListener('abort', onInterrupted);
      await orm.close(true);
    }
  }

  private async requireRoles(): Promise<void> {
    const { missing, rights } = await withConnection(this.connection, async (client) => {
      await requireDirect(client, this.connection);
      return {
        missing: await runStatement(client, missingRoles()),
        rights: (await runStatement(client, currentUserRights()))[0],
      };
    });
    const [superuser, , owner] = rights ?? [];
    if (missing.length === 0 && (superuser === true || owner === true)) return;
    if (missing.length === 0) {
      throw new DatabaseSetupError(
        `"${this.connection.user}" may not act as ${OWNER_ROLE}, which owns the tables. Set DATABASE_MIGRATION_URL to a user that may.`,
      );
    }
    throw new DatabaseSetupError(
      `The database has no role ${missing.map(([name]) => String(name)).join(', ')}. Run "stockroom db roles" first.`,
    );
  }
}

/**
 * A build knows nothing of migrations that came after it, neither how to undo them nor what may be applied beside them.
 *
 * **Errors**: `DatabaseSetupError` when there are such.
 */
async function requireKnown(orm: MikroORM): Promise<void> {
  const unknown = unknownMigrations((await orm.migrator.getExecuted()).map(({ name }) => name));
  const newest = unknown.at(-1);
  if (newest === undefined) return;
  throw new DatabaseSetupError(
    `The database is newer than this build: it was migrated to ${newest}. Run this command of the release that brought it, or of a newer one.`,
  );
}

/** **Shape**: null where no migration was ever applied. */
async function appliedNames(client: Client): Promise<readonly string[] | null> {
  try {
    return (await runStatement(client, appliedMigrations())).map(([name]) => String(name));
  } catch (error) {
    if (driverErrorFacts(error).code === '42P01') return null;
    throw error;
  }
}

async function retryLockTimeout(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run();
      return;
    } catch (error) {
      if (driverErrorFacts(error).code !== '55P03' || attempt >= DDL_ATTEMPTS) throw error;
      await sleep(DDL_LOCK_TIMEOUT_MS / 2);
    }
  }
}

async function takeLock(client: Client): Promise<void> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const [row] = await runStatement(client, tryMigrationLock());
    if (row?.[0] === true) return;
    if (performance.now() > deadline) {
      throw new DatabaseSetupError(
        'Another process has been migrating this database for ten minutes; look what it waits for.',
      );
    }
    await sleep(LOCK_POLL_MS);
  }
}

type MigrationClass = new (
  driver: ReturnType<MikroORM['em']['getDriver']>,
  config: MikroORM['config'],
) => {
  up(): Promise<void> | void;
  getQueries(): readonly unknown[];
  isTransactional(): boolean;
};

async function migrationSql(orm: MikroORM, name: string): Promise<Omit<PendingSql, 'name'>> {
  // Not the path that the ORM gives: that is as seen from the folder that the process was started in.
  const path = migrationFile(name);
  const module = (await import(pathToFileURL(path).href)) as Record<string, MigrationClass>;
  const [Migration] = Object.values(module);
  if (Migration === undefined) throw new Error(`${path} exports no migration`);
  const migration = new Migration(orm.em.getDriver(), orm.config);
  await migration.up();
  return {
    transactional: migration.isTransactional(),
    statements: migration.getQueries().map((query) => (query as { toString(): string }).toString().trim()),
  };
}
