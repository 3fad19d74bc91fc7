import { afterEach } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import { entities } from '../../../mikro-orm.config.js';
import { loadSettings, type ConnectionSettings, type Settings } from '../../../src/config/settings.js';
import { ormOptions } from '../../../src/database/orm-options.js';
import { DatabaseActivity } from '../../../src/database/database-activity.service.js';
import { RunningStatements } from '../../../src/database/running-statements.service.js';
import { Shutdown } from '../../../src/database/shutdown.service.js';
import { SlowQueryLog } from '../../../src/database/slow-query-log.service.js';
import { SqlService } from '../../../src/database/sql.service.js';
import type { Statement } from '../../../src/database/statement.js';
import type { TestDatabase } from '../../support/test-database.js';

/** What a test sets differently from the defaults. */
export interface SqlOptions {
  readonly pool?: Partial<Settings['database']['pool']>;
  readonly timeouts?: Partial<Settings['database']['timeouts']>;
  readonly log?: Partial<Settings['log']>;
}

/** The service's way to the database, without the service. */
export interface OpenSql {
  readonly orm: MikroORM;
  readonly sql: SqlService;
  /** Slow statements of the ORM, as they would be logged. */
  readonly slow: string[];
  close(): Promise<void>;
}

/** One pool with the given limits. */
export async function openSql(connection: ConnectionSettings, options: SqlOptions = {}): Promise<OpenSql> {
  const defaults = loadSettings({});
  const settings: Settings = {
    ...defaults,
    // Tests wait on purpose; only those of the log itself want to hear of it.
    log: { ...defaults.log, slowQueryMs: 60_000, ...options.log },
    database: {
      ...defaults.database,
      pool: { ...defaults.database.pool, ...options.pool },
      timeouts: { ...defaults.database.timeouts, ...options.timeouts },
    },
  };
  const slow: string[] = [];
  const orm = await MikroORM.init(
    ormOptions({ settings, connection, entities, onSlowQuery: (text) => slow.push(text) }),
  );
  const shutdown = new Shutdown();
  const sql = new SqlService(
    orm.em,
    new SlowQueryLog(settings),
    settings,
    shutdown,
    new DatabaseActivity(settings),
    new RunningStatements(shutdown, settings),
  );
  return { orm, sql, slow, close: () => orm.close(true) };
}

/** Opens pools on a test file's database and closes them behind each test. Call it where hooks may be registered. */
export function sqlStarter(database: () => TestDatabase): (options?: SqlOptions) => Promise<OpenSql> {
  let open: OpenSql[] = [];
  afterEach(async () => {
    await Promise.all(open.map((opened) => opened.close()));
    open = [];
  });
  return async (options) => {
    const opened = await openSql(database().app, options);
    open.push(opened);
    return opened;
  };
}

/** A statement that varies from test to test. */
export function statement(text: string, values: readonly unknown[] = []): Statement {
  return { name: 'test', text, values, prepared: false };
}
