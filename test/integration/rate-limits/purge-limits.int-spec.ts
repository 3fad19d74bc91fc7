import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadSettings } from '../../../src/config/settings.js';
import { DatabaseActivity } from '../../../src/database/database-activity.service.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { ScheduledJobs, type BatchJob } from '../../../src/database/scheduled-job.service.js';
import { StartState } from '../../../src/database/start-state.service.js';
import { PurgeLimitsService } from '../../../src/rate-limits/purge-limits.service.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { sqlStarter, statement } from '../database/sql-support.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const start = sqlStarter(() => db);

/** Jobs of one process whose start is over. */
async function startJobs(isStarted = true): Promise<ScheduledJobs> {
  const { sql } = await start();
  const state = new StartState();
  if (isStarted) state.done();
  return new ScheduledJobs(sql, state, new DatabaseActivity(loadSettings({})));
}

async function rows(text: string): Promise<unknown[][]> {
  return withConnection(db.owner, async (client) => {
    return (await client.query<unknown[]>({ text, rowMode: 'array' })).rows;
  });
}

describe('old counters', () => {
  it('are removed, in batches, and no other', async () => {
    await rows(`
      insert into rate_limit_windows
      select sha256(n::text::bytea), 1, 1, now() - interval '1 second' from generate_series(1, 12000) n`);
    await rows(`insert into rate_limit_windows values ('\\x01', 1, 1, now() + interval '1 hour')`);
    await rows(`
      insert into guess_limits values
        ('\\x01', 1, true, now() - interval '1 hour', now() + interval '1 hour', null),
        ('\\x02', 9, true, now() + interval '1 hour', now() - interval '1 hour', null),
        ('\\x03', 0, true, now() - interval '1 hour', now() - interval '1 hour', now() + interval '1 day'),
        ('\\x04', 7, true, now() - interval '1 hour', now() - interval '1 hour', null),
        ('\\x05', 7, true, now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 day')`);
    await new PurgeLimitsService(await startJobs()).purge();
    expect(await rows('select key from rate_limit_windows')).toEqual([[Buffer.from([1])]]);
    expect(await rows('select key from guess_limits order by key')).toEqual(
      [1, 2, 3].map((key) => [Buffer.from([key])]),
    );
  });

  it('that somebody is just using are left for the next time', async () => {
    await rows(`delete from rate_limit_windows`);
    await rows(`insert into rate_limit_windows values ('\\x0a', 1, 1, now()), ('\\x0b', 1, 1, now())`);
    await withConnection(db.app, async (client) => {
      await client.query('begin');
      await client.query(`select from rate_limit_windows where key = '\\x0a' for update`);
      await new PurgeLimitsService(await startJobs()).purge();
      await client.query('rollback');
    });
    expect(await rows('select key from rate_limit_windows')).toEqual([[Buffer.from([0x0a])]]);
  });
});

describe('a job on a schedule', () => {
  /** A job that counts its runs, each of which goes on until it is let go. */
  function heldJob(name: string): BatchJob & { ran: number; letGo: () => void } {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const job = {
      name,
      batchSize: 10,
      ran: 0,
      letGo,
      batch: async () => {
        job.ran++;
        await held;
        return 0;
      },
    };
    return job;
  }

  it('runs in one of three processes, however the others try meanwhile', async () => {
    const [first, second, third] = await Promise.all([startJobs(), startJobs(), startJobs()]);
    const job = heldJob('held');
    const run = first.runOnSchedule(job);
    while (job.ran === 0) await sleep(5);
    await Promise.all([second.runOnSchedule(job), third.runOnSchedule(job)]);
    expect(job.ran).toBe(1);
    job.letGo();
    await run;
    const next = second.runOnSchedule(job);
    await next;
    expect(job.ran).toBe(2);
  });

  it('would run in all of them if they did not share its name', async () => {
    const [first, second] = await Promise.all([startJobs(), startJobs()]);
    const [one, other] = [heldJob('one'), heldJob('other')];
    const runs = [first.runOnSchedule(one), second.runOnSchedule(other)];
    while (one.ran + other.ran < 2) await sleep(5);
    one.letGo();
    other.letGo();
    await Promise.all(runs);
    expect([one.ran, other.ran]).toEqual([1, 1]);
  });

  it('goes on until a batch is not full', async () => {
    const left = [10, 10, 4, 10];
    const batch = async (): Promise<number> => left.shift() ?? 0;
    expect(await (await startJobs()).run({ name: 'batches', batchSize: 10, batch })).toBe(24);
    expect(left).toEqual([10]);
  });

  it('does not run before the start is over', async () => {
    const job = heldJob('early');
    job.letGo();
    await (await startJobs(false)).runOnSchedule(job);
    expect(job.ran).toBe(0);
  });

  it('finishes its batch when the service stops, and begins no other', async () => {
    const jobs = await startJobs();
    let batches = 0;
    const endless = jobs.runOnSchedule({
      name: 'endless',
      batchSize: 1,
      batch: async (tx) => {
        batches++;
        await tx.run(statement('select pg_sleep(0.05)'));
        return 1;
      },
    });
    while (batches === 0) await sleep(5);
    await jobs.beforeApplicationShutdown();
    await endless;
    const atStop = batches;
    const late = heldJob('late');
    late.letGo();
    await jobs.runOnSchedule(late);
    expect(late.ran).toBe(0);
    expect(atStop).toBeGreaterThan(0);
    expect(batches).toBe(atStop);
  });

  it('that fails is no rejection that nobody handles, and lets go of its turn', async () => {
    const [first, second] = await Promise.all([startJobs(), startJobs()]);
    const fails = async (): Promise<number> => {
      throw new Error('broken');
    };
    await expect(first.runOnSchedule({ name: 'same', batchSize: 1, batch: fails })).resolves.toBeUndefined();
    const job = heldJob('same');
    job.letGo();
    await second.runOnSchedule(job);
    expect(job.ran).toBe(1);
  });
});
