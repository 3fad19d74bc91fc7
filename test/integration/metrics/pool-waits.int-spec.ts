import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { sqlStarter } from '../database/sql-support.js';

const sleep = (seconds: number) => ({ name: 'test_sleep', text: 'select pg_sleep($1)', values: [seconds] });

describe('the time that callers wait for a connection', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.drop());
  const open = sqlStarter(() => db);

  it('is told for each of them, the ORM among them, and is next to none where a connection is free', async () => {
    const { sql, orm } = await open({ pool: { max: 1 } });
    const waits: number[] = [];
    await sql.watchWaits((durationMs) => waits.push(durationMs));
    await sql.read(sleep(0));
    await sql.read(sleep(0));
    expect(waits).toHaveLength(2);
    expect(waits[1]).toBe(0);
    await Promise.all([sql.read(sleep(0.3)), orm.em.fork().execute('select 1'), sql.read(sleep(0))]);
    expect(waits).toHaveLength(5);
    // Timers of two programs: the bound is one that only not waiting at all would miss.
    expect(Math.max(...waits)).toBeGreaterThan(200);
  });

  it('is told as well for who gives up', async () => {
    const { sql } = await open({ pool: { max: 1, acquireTimeoutMs: 200 } });
    const waits: number[] = [];
    await sql.watchWaits((durationMs) => waits.push(durationMs));
    const busy = sql.read(sleep(1));
    await expect(sql.read(sleep(0))).rejects.toMatchObject({ code: 'database-busy' });
    await busy;
    expect(waits).toHaveLength(2);
    expect(Math.max(...waits)).toBeGreaterThan(150);
  });
});
