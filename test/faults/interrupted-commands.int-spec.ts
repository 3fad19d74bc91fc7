import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEmptyDatabase, dumpOf, execute } from '../migrations/migration-support.js';
import { buildOnce, COMMAND_LINE, databaseVariables, endOf, startProgram } from '../support/command-line.js';
import type { TestDatabase } from '../support/test-database.js';
import { Scratch, serverPid } from './embedded-support.js';

const scratch = new Scratch();
beforeAll(buildOnce);
afterEach(() => scratch.cleanUp());

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 60_000; !(await condition()); await sleep(20)) {
    if (performance.now() > deadline) throw new Error('waited in vain');
  }
}

describe('an import that is broken off while it reads its standard input', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('leaves no file and no database server: %s', async (signal) => {
    const folder = await scratch.folder();
    const data = join(folder, 'data');
    const spooled = (): Promise<string[]> => readdir(join(data, 'spool')).catch(() => []);
    const child = startProgram(COMMAND_LINE, ['import', '--symbol', 'A', '--track', '-'], {
      env: { STOCKROOM_DATA_DIR: data },
    });
    const end = endOf(child);
    child.stdin.on('error', () => undefined);
    child.stdin.write('Date,Close\n2024-01-02,1\n');
    await until(async () => (await spooled()).length > 0 || child.exitCode !== null);
    const cluster = await realpath(join(data, 'postgres-18'));
    expect(await serverPid(cluster)).toBeDefined();
    child.kill(signal);
    expect(await end).toMatchObject({ status: null, signal, stdout: '' });
    expect([await spooled(), await serverPid(cluster)]).toEqual([[], undefined]);
  });
});

describe('a migration that is broken off in the middle of a statement', () => {
  /** Every statement that changes the schema takes a minute. */
  const SLOW = `
    create function slow() returns event_trigger language plpgsql as 'begin perform pg_sleep(60); end';
    create event trigger slow on ddl_command_end when tag in ('CREATE TABLE', 'CREATE INDEX') execute function slow()`;

  /** What the owner's sessions do: nothing, once they are gone. */
  const working = async (db: TestDatabase): Promise<number> => {
    const [row] = await execute(
      db.superuser,
      `select count(*)::int from pg_stat_activity
       where datname = current_database() and usename = '${db.owner.user}' and wait_event = 'PgSleep'`,
    );
    return Number(row?.[0]);
  };

  it('leaves the schema as it was, and no session, where a killed one leaves a session that works on', async () => {
    const db = await createEmptyDatabase();
    try {
      await execute(db.superuser, SLOW);
      const before = await dumpOf(db);
      const migrate = async (signal: NodeJS.Signals): Promise<number> => {
        const child = startProgram(COMMAND_LINE, ['db', 'migrate'], { env: databaseVariables(db) });
        const ended = once(child, 'exit');
        await until(async () => (await working(db)) > 0);
        child.kill(signal);
        const [, by] = (await ended) as [number | null, string | null];
        expect(by).toBe(signal);
        return working(db);
      };
      expect(await migrate('SIGINT')).toBe(0);
      expect(await dumpOf(db)).toBe(before);
      expect(await migrate('SIGKILL')).toBe(1);
    } finally {
      await db.drop();
    }
  });
});
