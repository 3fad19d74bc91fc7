import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { DatabaseTimeout } from '../../../src/database/database.errors.js';
import { clientConfig, withConnection } from '../../../src/database/direct-connection.js';
import type { SqlService } from '../../../src/database/sql.service.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { sqlStarter, statement } from './sql-support.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const start = sqlStarter(() => db);

describe('a transaction that lost against another', () => {
  beforeAll(async () => {
    await withConnection(db.owner, (client) =>
      client.query(`
        set role stockroom_owner;
        create table counters (id int primary key, n int not null);
        insert into counters values (1, 0), (2, 0)`),
    );
  });

  const add = (id: number): ReturnType<typeof statement> =>
    statement('update counters set n = n + 1 where id = $1', [id]);

  async function counters(sql: SqlService): Promise<unknown> {
    const rows = await sql.read(statement('select n from counters order by id'));
    return rows.flat();
  }

  it('in a deadlock is run again as a whole', async () => {
    const { sql } = await start();
    const before = (await counters(sql)) as number[];
    let runs = 0;
    const both = barrier(2);
    const work = (first: number, second: number): Promise<void> =>
      sql.transaction(async (tx) => {
        runs += 1;
        await tx.run(add(first));
        if (runs <= 2) await both();
        await tx.run(add(second));
      });
    await Promise.all([work(1, 2), work(2, 1)]);
    expect(runs).toBe(3);
    expect(await counters(sql)).toEqual(before.map((n) => n + 2));
  });

  it('in a deadlock would fail if it were not run again', async () => {
    const clients = [new Client(clientConfig(db.app)), new Client(clientConfig(db.app))];
    await Promise.all(clients.map((client) => client.connect()));
    const both = barrier(2);
    const outcomes = await Promise.allSettled(
      clients.map(async (client, index) => {
        const order = index === 0 ? [1, 2] : [2, 1];
        await client.query('begin');
        await client.query('update counters set n = n where id = $1', [order[0]]);
        await both();
        await client.query('update counters set n = n where id = $1', [order[1]]);
        await client.query('commit');
      }),
    );
    expect(outcomes).toContainEqual(
      expect.objectContaining({
        status: 'rejected',
        reason: expect.objectContaining({ code: '40P01' }) as unknown,
      }),
    );
    await Promise.all(clients.map((client) => client.end()));
  });

  it('by serialization is run again as a whole, and leaves nothing of the first run', async () => {
    const { sql } = await start();
    const before = (await counters(sql)) as number[];
    let runs = 0;
    await sql.transaction(async (tx) => {
      runs += 1;
      await tx.run(statement('set transaction isolation level repeatable read'));
      await tx.run(add(2));
      await tx.run(statement('select 1'));
      if (runs === 1)
        await withConnection(db.app, (client) => client.query('update counters set n = n + 1 where id = 1'));
      await tx.run(add(1));
    });
    expect(runs).toBe(2);
    expect(await counters(sql)).toEqual([(before[0] ?? 0) + 2, (before[1] ?? 0) + 1]);
  });

  it('every time is reported after four runs', async () => {
    const { sql } = await start();
    let runs = 0;
    const working = sql.transaction(async (tx) => {
      runs += 1;
      await tx.run(statement(`do $$ begin raise serialization_failure; end $$`));
    });
    await expect(working).rejects.toBeInstanceOf(DatabaseTimeout);
    expect(runs).toBe(4);
  });

  it('for a reason of its own is run once', async () => {
    const { sql } = await start();
    let runs = 0;
    const working = sql.transaction(async (tx) => {
      runs += 1;
      await tx.run(statement('insert into counters values (1, 1)'));
    });
    await expect(working).rejects.toMatchObject({ code: '23505' });
    expect(runs).toBe(1);
  });
});

/** Lets everybody go on when all have arrived. */
function barrier(size: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  return () => {
    arrived += 1;
    if (arrived === size) resolve();
    return promise;
  };
}
