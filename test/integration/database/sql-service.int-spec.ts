import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { DatabaseBusy, DatabaseTimeout, DatabaseUnavailable } from '../../../src/database/database.errors.js';
import { clientConfig, withConnection } from '../../../src/database/direct-connection.js';
import { translateDriverError } from '../../../src/database/driver-errors.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { startTestApp } from '../../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { sqlStarter, statement } from './sql-support.js';

const MY_PID = statement('select pg_backend_pid()');

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const start = sqlStarter(() => db);

async function kill(pid: unknown): Promise<void> {
  await withConnection(db.superuser, (client) => client.query('select pg_terminate_backend($1)', [pid]));
}

/** The session that runs a statement with this mark in its text. */
async function pidRunning(mark: string): Promise<unknown> {
  for (;;) {
    const { rows } = await withConnection(db.superuser, (client) =>
      client.query<{ pid: number }>(
        `select pid from pg_stat_activity where query like $1 and state = 'active' and pid <> pg_backend_pid()`,
        [`%${mark}%`],
      ),
    );
    if (rows[0] !== undefined) return rows[0].pid;
    await sleep(10);
  }
}

describe('a pool that ran hand-written statements only', () => {
  it('is ended by the close, so that nothing keeps its process', async () => {
    const { sql, orm } = await start();
    const pool = await orm.em.getConnection().getNativeClient();
    await sql.read(MY_PID);
    expect(pool.totalCount).toBe(1);
    await orm.close();
    expect([pool.ended, pool.totalCount]).toEqual([true, 0]);
  });
});

describe('a pool with no connection left', () => {
  it('refuses within the configured wait, and serves again when one is free', async () => {
    const { sql, orm } = await start({ pool: { max: 1, acquireTimeoutMs: 300 } });
    await sql.transaction(async () => {
      const startedAt = performance.now();
      await expect(sql.read(MY_PID)).rejects.toBeInstanceOf(DatabaseBusy);
      expect(performance.now() - startedAt).toBeGreaterThan(250);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      await expect(sql.transaction(async () => undefined)).rejects.toBeInstanceOf(DatabaseBusy);
      const refusal = await orm.em.fork().execute('select 1').catch(translateDriverError);
      expect(refusal).toBeInstanceOf(DatabaseBusy);
    });
    expect(await sql.read(MY_PID)).toHaveLength(1);
  });

  it('would wait without end if it were not told how long', async () => {
    const { sql } = await start({ pool: { max: 1, acquireTimeoutMs: 0 } });
    await sql.transaction(async () => {
      const waiting = sql.read(MY_PID).then(() => 'answered');
      expect(await Promise.race([waiting, sleep(1_500, 'still waiting')])).toBe('still waiting');
    });
  });

  it('is a 503 that says when to come back', async () => {
    const service = await startTestApp({ pool: { max: 1, acquireTimeoutMs: 300 } });
    await service.app.get(SqlService).transaction(async () => {
      const { status, headers, json } = await service.api.get('/v1/stocks');
      expect([status, headers.get('retry-after'), json]).toMatchObject([503, '1', { code: 'database-busy' }]);
    });
    expect((await service.api.get('/v1/stocks')).status).toBe(200);
    await service.close();
  });
});

describe('a connection that is cut', () => {
  it('while idle is replaced, and nobody notices', async () => {
    const { sql } = await start({ pool: { max: 1 } });
    const [[pid] = []] = await sql.read(MY_PID);
    await kill(pid);
    const [[other] = []] = await sql.read(MY_PID);
    expect(other).not.toBe(pid);
  });

  it('in the middle of a read is replaced, and the read runs once more', async () => {
    const { sql } = await start();
    const reading = sql.read(statement(`select pg_sleep(0.4), 'mark-read', pg_backend_pid()`));
    const pid = await pidRunning('mark-read');
    await kill(pid);
    const [[, , other] = []] = await reading;
    expect(other).not.toBe(pid);
  });

  it('twice in a row is reported', async () => {
    const { sql } = await start();
    const reading = sql.read(statement(`select pg_sleep(5), 'mark-twice'`)).catch((error: unknown) => error);
    const first = await pidRunning('mark-twice');
    await kill(first);
    for (let second = first; second === first;) {
      second = await pidRunning('mark-twice');
      if (second !== first) await kill(second);
    }
    expect(await reading).toBeInstanceOf(DatabaseUnavailable);
  });

  it('inside a transaction is reported, because nobody knows what took effect', async () => {
    const { sql } = await start({ pool: { max: 1 } });
    let runs = 0;
    const working = sql.transaction(async (tx) => {
      runs += 1;
      const [pid] = await tx.runOne(MY_PID);
      await kill(pid);
      await tx.run(MY_PID);
    });
    await expect(working).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(runs).toBe(1);
    expect(await sql.read(MY_PID)).toHaveLength(1);
  });

  it('inside a transaction that talks to nobody meanwhile does not end the process', async () => {
    const { sql } = await start({ pool: { max: 1 } });
    const working = sql.transaction(async (tx) => {
      const [pid] = await tx.runOne(MY_PID);
      await kill(pid);
      await sleep(200);
    });
    await expect(working).rejects.toBeInstanceOf(DatabaseUnavailable);
  });

  it('during an answer of the service goes unnoticed by its caller', async () => {
    const service = await startTestApp({ pool: { max: 1 } });
    expect((await service.api.get('/v1/stocks')).status).toBe(200);
    const { rows } = await withConnection(service.db.superuser, (client) =>
      client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
        [service.db.name],
      ),
    );
    expect(rows.length).toBeGreaterThan(0);
    expect((await service.api.get('/v1/stocks')).status).toBe(200);
    await service.close();
  });

  it('would end a process that does not listen, or fail a read that is not repeated', async () => {
    const pool = new Pool({ ...clientConfig(db.app), max: 1 });
    const errors: string[] = [];
    pool.on('error', (error: Error & { code?: string }) => errors.push(error.code ?? error.message));
    const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
    await kill(rows[0]?.pid);
    await sleep(200);
    expect(errors).toContain('57P01');
    const reading = pool.query(`select pg_sleep(5), 'mark-bare'`).catch((error: unknown) => error);
    await kill(await pidRunning('mark-bare'));
    expect(await reading).toMatchObject({ code: '57P01' });
    await pool.end();
  });
});

describe('a statement that takes too long', () => {
  it('is ended by the server, and its connection goes on', async () => {
    const { sql } = await start({ pool: { max: 1 }, timeouts: { statementMs: 200 } });
    const [[pid] = []] = await sql.read(MY_PID);
    const startedAt = performance.now();
    await expect(sql.read(statement('select pg_sleep(10)'))).rejects.toBeInstanceOf(DatabaseTimeout);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(await sql.read(MY_PID)).toEqual([[pid]]);
  });

  it('would run on without the limit', async () => {
    const { sql } = await start();
    expect(await sql.read(statement('select pg_sleep(0.5), 1'))).toHaveLength(1);
  });

  it('because it waits for a lock is ended, too', async () => {
    const { sql } = await start({ timeouts: { lockMs: 200 } });
    await withConnection(db.superuser, async (holder) => {
      await holder.query('begin; lock table users in access exclusive mode');
      await expect(sql.read(statement('select 1 from users'))).rejects.toBeInstanceOf(DatabaseTimeout);
      await holder.query('rollback');
    });
  });

  it('because nothing is said inside a transaction is ended with its connection', async () => {
    const { sql } = await start({ pool: { max: 1 }, timeouts: { idleInTransactionMs: 200 } });
    const working = sql.transaction(async (tx) => {
      await tx.run(MY_PID);
      await sleep(600);
      await tx.run(MY_PID);
    });
    const refusal: unknown = await working.catch((error: unknown) => error);
    expect([DatabaseTimeout, DatabaseUnavailable]).toContain((refusal as Error).constructor);
    expect(await sql.read(MY_PID)).toHaveLength(1);
  });
});

describe('a connection that may still carry an answer', () => {
  const NEVER_ENDS = statement(`select set_config('statement_timeout', '0', false), pg_sleep(6)`);

  it('is never lent again', async () => {
    const { sql } = await start({ pool: { max: 1 }, timeouts: { statementMs: 500 } });
    const [[pid] = []] = await sql.read(MY_PID);
    // The limit of the server is switched off first, as if its answer had been lost on the way.
    await sql.read(statement(`select set_config('statement_timeout', '0', false)`));
    await expect(sql.read(NEVER_ENDS)).rejects.toBeInstanceOf(DatabaseTimeout);
    const startedAt = performance.now();
    const [[other] = []] = await sql.read(MY_PID);
    expect(other).not.toBe(pid);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('would keep the next one waiting', async () => {
    await withConnection(db.app, async (client) => {
      const lost = { text: 'select pg_sleep(2)', query_timeout: 200 };
      await expect(client.query(lost)).rejects.toThrow('Query read timeout');
      const startedAt = performance.now();
      await client.query('select 1');
      expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    });
  });

  it('after work that failed on its own is clean, and lent again', async () => {
    const { sql } = await start({ pool: { max: 1 } });
    const [[pid] = []] = await sql.read(MY_PID);
    const working = sql.transaction(async (tx) => {
      await tx.run(statement('create temporary table left_behind (id int)'));
      throw new Error('of its own');
    });
    await expect(working).rejects.toThrow('of its own');
    expect(await sql.read(MY_PID)).toEqual([[pid]]);
    expect(await sql.read(statement(`select to_regclass('pg_temp.left_behind')`))).toEqual([[null]]);
  });
});
