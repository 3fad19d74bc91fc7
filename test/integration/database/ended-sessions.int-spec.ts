import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MikroORM, PostgreSqlDriver, type EntityManager } from '@mikro-orm/postgresql';
import { entities } from '../../../mikro-orm.config.js';
import { loadSettings } from '../../../src/config/settings.js';
import { DatabaseUnavailable } from '../../../src/database/database.errors.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { ormOptions } from '../../../src/database/orm-options.js';
import type { SqlTransaction } from '../../../src/database/sql-transaction.js';
import type { SqlService } from '../../../src/database/sql.service.js';
import { NOBODY, UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { Stock } from '../../../src/stocks/stock.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { sqlStarter, statement, type OpenSql } from './sql-support.js';

/** More often than the pool has connections, so that one kept each time is noticed. */
const ROUNDS = 20;
const POOL = { max: 3, acquireTimeoutMs: 2_000 };

const MY_PID = 'select pg_backend_pid() as pid';
/** The server ends the session that runs it, before it is answered. */
const END_MYSELF = 'select pg_terminate_backend(pg_backend_pid()), pg_sleep(60)';
/** The same while the transaction that wrote it is committed. */
const END_AT_COMMIT = 'insert into ends_at_commit values (1)';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await withConnection(db.owner, (client) =>
    client.query(`
      set role stockroom_owner;
      create table ends_at_commit (id int not null);
      create function end_myself() returns trigger language plpgsql as $$
        begin perform pg_terminate_backend(pg_backend_pid()), pg_sleep(60); return null; end $$;
      create constraint trigger ends_at_commit after insert on ends_at_commit
        deferrable initially deferred for each row execute function end_myself();
      create trigger ends_when_stored before insert on tracked_stocks
        for each row when (new.symbol = 'ENDS') execute function end_myself()`),
  );
});
afterAll(() => db.drop());

const start = sqlStarter(() => db);

async function end(pid: unknown): Promise<void> {
  await withConnection(db.superuser, (client) => client.query('select pg_terminate_backend($1)', [pid]));
}

/** Runs `work` again and again, of which each run loses its session; then every connection must be free, and the next one serves. */
async function expectToOutlive(opened: OpenSql, work: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++)
    await expect(work()).rejects.toBeInstanceOf(DatabaseUnavailable);
  const { size, idle, waiting } = await opened.sql.poolState();
  expect({ lent: size - idle, waiting }).toEqual({ lent: 0, waiting: 0 });
  const together = Array.from({ length: POOL.max }, () =>
    opened.sql.transaction(async (tx) => (await tx.runOne(statement('select 1 + 1 as sum')))[0]),
  );
  expect(await Promise.all(together)).toEqual([2, 2, 2]);
  const units = Array.from({ length: POOL.max }, () =>
    new UnitOfWork(opened.orm.em).run(NOBODY, (em) => em.execute('select 1 + 1 as sum')),
  );
  expect(await Promise.all(units)).toEqual([[{ sum: 2 }], [{ sum: 2 }], [{ sum: 2 }]]);
  await opened.orm.close(true);
}

describe('a unit of work whose session the server ends gives its connection back', () => {
  const cases: readonly [string, (em: EntityManager) => Promise<unknown>][] = [
    [
      'between two statements',
      async (em) => {
        const [row] = await em.execute<{ pid: number }[]>(MY_PID);
        await end(row?.pid);
        await em.execute('select 1');
      },
    ],
    ['during a statement', (em) => em.execute(END_MYSELF)],
    [
      'before the commit',
      async (em) => {
        const [row] = await em.execute<{ pid: number }[]>(MY_PID);
        await end(row?.pid);
      },
    ],
    ['at the commit', (em) => em.execute(END_AT_COMMIT)],
  ];
  it.each(cases)('%s', async (_when, work) => {
    const opened = await start({ pool: POOL });
    await expectToOutlive(opened, () => new UnitOfWork(opened.orm.em).run(NOBODY, work));
  });

  it('when it is gone before the unit begins', async () => {
    const opened = await start({ pool: POOL });
    const breaking = await breakWhenLent(opened);
    await expectToOutlive(opened, () =>
      breaking(() => new UnitOfWork(opened.orm.em).run(NOBODY, async () => undefined)),
    );
  });

  it('while the ORM writes an entity in a transaction of its own', async () => {
    const opened = await start({ pool: POOL });
    const unavailable = new DatabaseUnavailable();
    await expectToOutlive(opened, async () => {
      const em = opened.orm.em.fork();
      const stock = em.create(Stock, { symbol: 'ENDS', name: null, exchange: null, currency: null });
      await expect(em.persist(stock).flush()).rejects.toMatchObject({ code: '57P01' });
      throw unavailable;
    });
  });

  it('and would keep it without a driver of our own', async () => {
    const settings = loadSettings({});
    const orm = await MikroORM.init({
      ...ormOptions({ settings, connection: db.app, entities }),
      driver: PostgreSqlDriver,
    });
    const lost = new UnitOfWork(orm.em).run(NOBODY, (em) => em.execute(END_MYSELF));
    await expect(lost).rejects.toBeInstanceOf(DatabaseUnavailable);
    const { totalCount, idleCount } = await orm.em.getConnection().getNativeClient();
    // Not closed: that would wait for the connection.
    expect({ totalCount, idleCount }).toEqual({ totalCount: 1, idleCount: 0 });
  });
});

describe('a transaction of named statements whose session the server ends gives its connection back', () => {
  const cases: readonly [string, (tx: SqlTransaction) => Promise<unknown>][] = [
    [
      'between two statements',
      async (tx) => {
        const [pid] = await tx.runOne(statement(MY_PID));
        await end(pid);
        await tx.run(statement('select 1'));
      },
    ],
    ['during its first statement', (tx) => tx.run(statement(END_MYSELF))],
    [
      'during several that were sent together',
      (tx) => tx.runTogether(statement('select 1'), statement(END_MYSELF), statement('select 2')),
    ],
    [
      'during its last statements',
      (tx) => tx.runLast(statement('select 1'), statement(END_MYSELF), statement('select 2')),
    ],
    [
      'before the commit',
      async (tx) => {
        const [pid] = await tx.runOne(statement(MY_PID));
        await end(pid);
      },
    ],
    ['at the commit', (tx) => tx.run(statement(END_AT_COMMIT))],
    ['at the commit behind its last statements', (tx) => tx.runLast(statement(END_AT_COMMIT))],
    [
      'during a copy',
      async (tx) => {
        const [pid] = await tx.runOne(statement(MY_PID));
        const stream = tx.copyFrom(statement('copy ends_at_commit from stdin'));
        const failed = new Promise((_, reject) => stream.once('error', reject));
        stream.write('1\n');
        await end(pid);
        await failed;
      },
    ],
  ];
  it.each(cases)('%s', async (_when, work) => {
    const opened = await start({ pool: POOL });
    await expectToOutlive(opened, () => opened.sql.transactionAs(NOBODY, work));
  });

  it('when it is gone before the transaction begins', async () => {
    const opened = await start({ pool: POOL });
    const breaking = await breakWhenLent(opened);
    await expectToOutlive(opened, () => breaking(() => nothing(opened.sql)));
  });
});

function nothing(sql: SqlService): Promise<void> {
  return sql.transaction(async () => undefined);
}

/** Runs `work` while each connection is cut in the moment in which the pool lends it. */
async function breakWhenLent({ orm }: OpenSql): Promise<(work: () => Promise<unknown>) => Promise<unknown>> {
  const pool = await orm.em.getConnection().getNativeClient();
  let breaks = false;
  pool.on('acquire', (client) => {
    const { connection } = client as unknown as {
      readonly connection: { readonly stream: { destroy(): void } };
    };
    if (breaks) connection.stream.destroy();
  });
  return async (work) => {
    breaks = true;
    try {
      return await work();
    } finally {
      breaks = false;
    }
  };
}
