import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { withConnection } from '../../src/database/direct-connection.js';
import { storeConversation } from '../factories/history-rows.js';
import { storeUser } from '../factories/users.js';
import { asOwner } from '../support/sql.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import type { RetentionJob } from './retention-worker.js';

const DAYS = 30;
const OLD = 24_000;
const YOUNG = 3_000;
const PINNED = 3_000;
const KILLS = 20;

let db: TestDatabase;
const children: ChildProcessWithoutNullStreams[] = [];

beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await db.drop();
});

/** Messages, every second one with a citation: old and young ones mixed in one conversation, old ones in a pinned one. */
async function store(): Promise<void> {
  const { id: userId } = await storeUser(db.owner);
  const mixed = await storeConversation(db, { userId });
  const pinned = await storeConversation(db, { userId }, { pinned: true });
  await asOwner(db, `insert into tracked_stocks (id, symbol) values (gen_random_uuid(), 'ACME')`);
  await asOwner(
    db,
    `insert into stock_series (tracked_stock_id, "interval") select id, '1d' from tracked_stocks`,
  );
  await asOwner(db, `insert into revisions (id, branch_id, kind, source) values (1, 1, 'import', 'a.csv')`);
  await asOwner(
    db,
    `insert into stock_data (series_id, branch_id, ts, valid_from, "close") select id, 1, '2024-01-02', 1, 1 from stock_series`,
  );
  const fill = async (conversation: string, rows: number, isOld: string, first: number): Promise<void> => {
    await asOwner(
      db,
      `insert into messages (id, conversation_id, owner_id, seq, role, content, created_at)
       select gen_random_uuid(), $1, $2, n, 'user', 'x',
         now() - (case when ${isOld} then interval '31 days' else interval '29 days' end) - n * interval '1 second'
       from generate_series($3::integer, $4::integer) n`,
      [conversation, userId, first, first + rows - 1],
    );
  };
  await fill(mixed.id, OLD + YOUNG, `n % ${(OLD + YOUNG) / YOUNG} <> 0`, 1);
  await fill(pinned.id, PINNED, 'true', 1);
  await asOwner(
    db,
    `insert into message_citations (message_id, ordinal, owner_id, series_id, branch_id, ts, revision)
     select m.id, 0, m.owner_id, s.id, 1, '2024-01-02', 1 from messages m, stock_series s where m.seq % 2 = 0`,
  );
}

/** What a finished removal must not have left, or done. **Units**: rows. */
async function faults(): Promise<{
  goneTooEarly: number;
  leftTooLong: number;
  orphans: number;
  uncited: number;
}> {
  const [row] = await asOwner<{ kept: number; old: number; orphans: number; cited: number }>(
    db,
    `select count(*) filter (where c.is_pinned or m.created_at > now() - interval '30 days')::integer as kept,
       count(*) filter (where not c.is_pinned and m.created_at <= now() - interval '30 days')::integer as old,
       (select count(*)::integer from message_citations mc
        where not exists (select from messages x where x.id = mc.message_id)) as orphans,
       (select count(*)::integer from message_citations) as cited
     from messages m join conversations c on c.id = m.conversation_id`,
  );
  if (row === undefined) throw new Error('no answer');
  const [even] = await asOwner<{ n: number }>(
    db,
    'select count(*)::integer as n from messages where seq % 2 = 0',
  );
  return {
    goneTooEarly: YOUNG + PINNED - row.kept,
    leftTooLong: row.old,
    orphans: row.orphans,
    uncited: (even?.n ?? 0) - row.cited,
  };
}

const NONE = { goneTooEarly: 0, leftTooLong: 0, orphans: 0, uncited: 0 };

/** A process that is ready to begin. */
async function start(): Promise<ChildProcessWithoutNullStreams> {
  const job: RetentionJob = { db: db.app, days: DAYS };
  const child = spawn(
    process.execPath,
    [
      ...['--import', '@swc-node/register/esm-register'],
      ...[join(import.meta.dirname, 'retention-worker.ts'), JSON.stringify(job)],
    ],
    { cwd: join(import.meta.dirname, '../..') },
  );
  children.push(child);
  child.stdin.on('error', () => undefined);
  child.stderr.pipe(process.stderr);
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  return child;
}

/** Lets a process do its run to the end. **Shape**: its exit code. */
async function finish(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  child.stdin.write('go');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** Kills a process as soon as it has removed some more rows, in the middle of whatever it does then. **Shape**: rows left. */
async function killOnTheWay(child: ChildProcessWithoutNullStreams, removed: number): Promise<number> {
  return withConnection(db.owner, async (client) => {
    const count = async (): Promise<number> =>
      Number((await client.query<{ n: string }>('select count(*) as n from messages')).rows[0]?.n);
    const before = await count();
    let left = before;
    child.stdin.write('go');
    while (child.exitCode === null && before - left < removed) left = await count();
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return left;
  });
}

describe('a removal that is killed', () => {
  it(`${KILLS} times has removed what is past its date in the end, nothing younger, and left no citation without its message`, async () => {
    await store();
    let killed = 0;
    const waiting = [start(), start()];
    for (let n = 0; n < KILLS; n++) {
      waiting.push(start());
      const child = await (waiting.shift() ?? start());
      await killOnTheWay(child, n % 4 === 0 ? 0 : 1);
      if (child.signalCode === 'SIGKILL') killed++;
      expect(await faults()).toMatchObject({ goneTooEarly: 0, orphans: 0, uncited: 0 });
    }
    expect(killed).toBe(KILLS);
    // Otherwise the kills came after the work.
    expect((await faults()).leftTooLong).toBeGreaterThan(0);
    expect(await finish(await (waiting.shift() ?? start()))).toBe(0);
    expect(await faults()).toEqual(NONE);
    await Promise.all(waiting);
  }, 240_000);

  it('control: is seen to be unfinished when nobody runs it again', async () => {
    await store();
    await killOnTheWay(await start(), 1);
    const { leftTooLong, ...others } = await faults();
    expect(leftTooLong).toBeGreaterThan(0);
    expect(others).toEqual({ goneTooEarly: 0, orphans: 0, uncited: 0 });
  }, 60_000);

  it('control: a removal by age alone is seen to take what is pinned', async () => {
    await store();
    await asOwner(db, `delete from messages where created_at <= now() - interval '30 days'`);
    expect((await faults()).goneTooEarly).toBe(PINNED);
  });
});

describe('two removals at once', () => {
  it('take turns without a deadlock, and leave nothing', async () => {
    await store();
    const both = await Promise.all([start(), start()]);
    expect(await Promise.all(both.map(finish))).toEqual([0, 0]);
    // Each may have found the other at work between two of its batches.
    expect(await finish(await start())).toBe(0);
    expect(await faults()).toEqual(NONE);
  }, 60_000);
});
