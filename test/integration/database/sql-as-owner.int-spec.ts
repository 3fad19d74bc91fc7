import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseTimeout } from '../../../src/database/database.errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { sqlStarter, statement } from './sql-support.js';

const ANNA = '01900000-0000-7000-8000-00000000000a';
const SEEN = statement(
  `select current_setting('stockroom.user_id', true), current_setting('stockroom.visitor_id', true)`,
);

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const start = sqlStarter(() => db);

describe('a statement for an owner', () => {
  it('sees who asks, and leaves nothing of it on the connection', async () => {
    const { sql } = await start({ pool: { max: 1 } });
    expect(await sql.readAs({ userId: ANNA }, SEEN)).toEqual([[ANNA, '']]);
    expect(await sql.read(SEEN)).toEqual([['', '']]);
    expect(await sql.readAs({ visitorId: ANNA }, SEEN)).toEqual([['', ANNA]]);
    expect(await sql.transactionAs({ userId: ANNA }, (tx) => tx.run(SEEN))).toEqual([[ANNA, '']]);
    expect(await sql.read(SEEN)).toEqual([['', '']]);
  });

  it('fails with its own error, and the connection serves on', async () => {
    const { sql } = await start({ pool: { max: 1 } });
    for (let turn = 0; turn < 3; turn++) {
      await expect(sql.readAs({ userId: ANNA }, statement('select 1 / 0'))).rejects.toMatchObject({
        code: '22012',
      });
      expect(await sql.readAs({ userId: ANNA }, SEEN)).toEqual([[ANNA, '']]);
    }
    expect(await sql.poolState()).toMatchObject({ size: 1, idle: 1 });
  });

  it('that never answers ends, with the connection', async () => {
    const { sql } = await start({ pool: { max: 1 }, timeouts: { statementMs: 200 } });
    await expect(sql.readAs({ userId: ANNA }, statement('select pg_sleep(20)'))).rejects.toBeInstanceOf(
      DatabaseTimeout,
    );
    expect(await sql.readAs({ userId: ANNA }, SEEN)).toEqual([[ANNA, '']]);
  });

  it('shares one connection with others, many at once, without mixing up answers', async () => {
    const { sql } = await start({ pool: { max: 2 } });
    const ids = Array.from(
      { length: 60 },
      (_, n) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    );
    const seen = await Promise.all(
      ids.map(async (userId, n) => {
        if (n % 3 === 0) await sleep(n % 7);
        const [row] = await (n % 2 === 0
          ? sql.readAs({ userId }, SEEN)
          : sql.read(statement('select $1', [userId])));
        return row?.[0];
      }),
    );
    expect(seen).toEqual(ids);
  });
});

describe('statements sent together', () => {
  it('answer in their order, each seeing what those before it did', async () => {
    const { sql } = await start();
    const [made, , seen] = await sql.transactionAs({ userId: ANNA }, async (tx) => {
      await tx.run(statement('create temporary table notes (n int) on commit drop'));
      return tx.runTogether(
        statement('insert into notes values (1), (2) returning n'),
        statement('update notes set n = n * 10'),
        statement('select n from notes order by n'),
      );
    });
    expect(made).toEqual([[1], [2]]);
    expect(seen).toEqual([[10], [20]]);
  });

  it('fail with the error of the one that failed, not of those behind it', async () => {
    const { sql } = await start({ pool: { max: 1 } });
    const failing = sql.transactionAs({ userId: ANNA }, (tx) =>
      tx.runTogether(statement('select 1'), statement('select 1 / 0'), statement('select 2')),
    );
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect(await sql.readAs({ userId: ANNA }, SEEN)).toEqual([[ANNA, '']]);
  });
});
