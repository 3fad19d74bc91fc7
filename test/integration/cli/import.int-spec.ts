import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { execute } from '../../migrations/migration-support.js';
import {
  buildOnce,
  COMMAND_LINE,
  databaseVariables,
  endOf,
  startProgram,
  stockroom,
  type CommandResult,
} from '../../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let db: TestDatabase;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => buildOnce());
beforeEach(async () => {
  db = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'stockroom-cli-'));
  env = { ...databaseVariables(db), STOCKROOM_DATA_DIR: join(folder, 'data') };
  await execute(db.app, `insert into tracked_stocks (id, symbol) values (gen_random_uuid(), 'KNOWN')`);
});
afterEach(async () => {
  // However an import ended, nothing of it waits in the spool.
  const left = await readdir(join(folder, 'data', 'spool')).catch(() => []);
  await rm(folder, { recursive: true });
  await db.drop();
  if (left.length > 0) throw new Error(`left in the spool: ${left.join(', ')}`);
});

async function run(args: readonly string[], stdin: Uint8Array | string = ''): Promise<CommandResult> {
  return stockroom(['import', ...args], { cwd: folder, env, stdin });
}

/** **Shape**: one parsed value per line of standard output. */
function jsonOf({ stdout }: CommandResult): unknown[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

const put = (name: string, content: Uint8Array | string): Promise<void> =>
  writeFile(join(folder, name), content);
const csv = (...closes: readonly (number | string)[]): string =>
  ['Date,Close', ...closes.map((close, day) => `2024-01-0${day + 1},${close}`), ''].join('\n');

/** What is stored: bars, revisions, tracked stocks. */
async function stored(): Promise<readonly unknown[]> {
  const [row = []] = await execute(
    db.superuser,
    `select (select count(*)::int from stock_data), (select count(*)::int from revisions),
      (select string_agg(symbol, ' ' order by symbol) from tracked_stocks)`,
  );
  return row;
}

describe('stockroom import', () => {
  it('says in a line what it did, with the exit status 0 and nothing on standard error', async () => {
    await put('a.csv', csv(1, 2));
    expect(await run(['--symbol', 'known', 'a.csv'])).toEqual({
      status: 0,
      signal: null,
      stdout: 'a.csv: revision 1: 2 inserted, 0 corrected, 0 unchanged, 0 rejected\n',
      stderr: '',
    });
    expect(await run(['--symbol', 'KNOWN', 'a.csv'])).toMatchObject({
      status: 0,
      stdout: 'a.csv: nothing new: 0 inserted, 0 corrected, 2 unchanged, 0 rejected\n',
    });
    expect(await stored()).toEqual([2, 1, 'KNOWN']);
  });

  it('takes many files, plain, packed and of every format, and prints a line of JSON for each', async () => {
    await put('a.csv', csv(1));
    await put('b.CSV.GZ', gzipSync(csv(2, 3)));
    await put('c.json', '[{"date":"2024-02-01","close":"4.5"}]');
    await put('d.ndjson.gz', gzipSync('{"date":"2024-02-02","close":5}\n'));
    const names = ['a.csv', 'b.CSV.GZ', 'c.json', 'd.ndjson.gz'];
    const result = await run(['--json', '--symbol', 'KNOWN', '--message', 'first load', ...names]);
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect(jsonOf(result)).toEqual(
      [
        [1, 1, 0],
        [2, 1, 1],
        [3, 1, 0],
        [4, 1, 0],
      ].map(([revision, inserted, corrected], index) => ({
        file: names[index],
        ...{ revision, inserted, corrected, unchanged: 0, rejected: 0, errorCount: 0, errors: [] },
      })),
    );
    const revisions = await execute(db.owner, 'select source, message from revisions order by id');
    expect(revisions).toEqual(names.map((name) => [name, 'first load']));
  });

  it.each([
    ['plain', (text: string): Uint8Array => Buffer.from(text)],
    ['packed', (text: string): Uint8Array => gzipSync(text)],
  ])('reads standard input, %s', async (_how, packed) => {
    const result = await run(['--json', '--symbol', 'KNOWN', '-'], packed(csv(1, 2, 3)));
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(jsonOf(result)).toMatchObject([{ file: '-', revision: 1, inserted: 3 }]);
    expect(await execute(db.owner, 'select source from revisions')).toEqual([['stdin']]);
  });

  it('tracks the symbol that --symbol names when asked to, and only then', async () => {
    await put('a.csv', csv(1));
    const refused = await run(['--symbol', 'FRESH', 'a.csv']);
    expect(refused).toMatchObject({ status: 1, stdout: '', stderr: 'a.csv: There is no stock "FRESH".\n' });
    expect(await run(['--symbol', 'FRESH', '--track', '--dry-run', 'a.csv'])).toMatchObject({ status: 0 });
    await put('bad.csv', csv('x'));
    expect(await run(['--symbol', 'FRESH', '--track', 'bad.csv'])).toMatchObject({ status: 1 });
    expect(await stored()).toEqual([0, 0, 'KNOWN']);

    expect(await run(['--symbol', 'fresh', '--track', 'a.csv'])).toMatchObject({ status: 0, stderr: '' });
    expect(await stored()).toEqual([1, 1, 'FRESH KNOWN']);
    await execute(db.app, `update tracked_stocks set is_active = false where symbol = 'FRESH'`);
    expect(await run(['--symbol', 'FRESH', '--track', 'a.csv'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^a\.csv: .*FRESH.*inactive.*\n$/),
    });
  });

  it('tracks the symbols of the rows when asked to, and names them when not', async () => {
    await put('a.csv', 'Symbol,Date,Close\nKNOWN,2024-01-02,1\nFRESH,2024-01-02,2\n');
    const refused = await run(['a.csv']);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('a.csv:3: symbol FRESH is not tracked');
    expect(await stored()).toEqual([0, 0, 'KNOWN']);
    expect(await run(['--track', 'a.csv'])).toMatchObject({ status: 0, stderr: '' });
    expect(await stored()).toEqual([2, 1, 'FRESH KNOWN']);
  });

  it('stores nothing of a file with a wrong row, or all of it but that row', async () => {
    await put('a.csv', csv(1, 'x', 3));
    const aborted = await run(['--json', '--symbol', 'KNOWN', 'a.csv']);
    expect(aborted.status).toBe(1);
    expect(jsonOf(aborted)).toMatchObject([{ file: 'a.csv', revision: null, rejected: 1, errorCount: 1 }]);
    expect(aborted.stderr).toMatch(/^a\.csv:3: close .*\na\.csv: 1 row is wrong; nothing was stored\.\n$/);
    expect(await stored()).toEqual([0, 0, 'KNOWN']);

    const skipped = await run(['--json', '--symbol', 'KNOWN', '--on-error', 'skip', 'a.csv']);
    expect(skipped.status).toBe(0);
    expect(jsonOf(skipped)).toMatchObject([{ revision: 1, inserted: 2, rejected: 1, errors: [{ line: 3 }] }]);
    expect(skipped.stderr).toMatch(/^a\.csv:3: close .*\n$/);
  });

  it('keeps the files before a broken one, and does not look at those after it', async () => {
    await put('1.csv', csv(1));
    await put('2.csv.gz', gzipSync(csv(1, 2)).subarray(0, -5));
    await put('3.csv', csv(1, 2, 3));
    const result = await run(['--symbol', 'KNOWN', '1.csv', '2.csv.gz', '3.csv']);
    expect(result).toMatchObject({
      status: 1,
      stdout: '1.csv: revision 1: 1 inserted, 0 corrected, 0 unchanged, 0 rejected\n',
      stderr: '2.csv.gz: The gzip data is cut short.\n',
    });
    expect(await stored()).toEqual([1, 1, 'KNOWN']);
  });

  it.each([
    [['--symbol', 'NOT A SYMBOL', 'a.csv'], /'--symbol <symbol>' argument 'NOT A SYMBOL' is invalid/],
    [['--interval', '2d', 'a.csv'], /Allowed choices are 1d/],
    [['--symbol', 'KNOWN', '--timezone', 'Mars/Base', 'a.csv'], /^a\.csv: .*Mars\/Base/],
    [['--symbol', 'KNOWN', '--branch', 'none', 'a.csv'], /^a\.csv: .*none/],
    [['none.csv'], /^none\.csv cannot be imported: there is no such file\.\n$/],
    [[], /missing required argument 'file'/],
    [['--nonsense', 'a.csv'], /unknown option '--nonsense'/],
  ])('refuses %j with its reason, no stack, and nothing on standard output', async (args, reason) => {
    await put('a.csv', csv(1));
    const result = await run(args);
    expect([result.status, result.stdout]).toEqual([1, '']);
    expect(result.stderr).toMatch(reason);
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(await stored()).toEqual([0, 0, 'KNOWN']);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('leaves nothing half-way after %s', async (signal) => {
    const rows = Array.from({ length: 400_000 }, (_, index) => {
      const minute = new Date(Date.UTC(2020, 0, 1) + index * 60_000).toISOString();
      return `${minute},${1 + (index % 1000)}`;
    });
    await put('a.csv', `Timestamp,Close\n${rows.join('\n')}\n`);
    const child = startProgram(
      COMMAND_LINE,
      ['import', '--symbol', 'FRESH', '--track', '--interval', '1m', 'a.csv'],
      {
        cwd: folder,
        env,
      },
    );
    const end = endOf(child);
    await untilCopying();
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect((await end).signal).toBe(signal);
    await untilNobodyWorks();
    expect(await stored()).toEqual([0, 0, 'KNOWN']);
    // And nothing is in the way of the next one.
    await put('b.csv', csv(1));
    expect(await run(['--symbol', 'KNOWN', 'b.csv'])).toMatchObject({ status: 0 });
  });
});

const WORKING = `select count(*)::int from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and query ilike '%copy%' and state <> 'idle'`;

async function untilCopying(): Promise<void> {
  while ((await execute(db.superuser, WORKING))[0]?.[0] === 0) await sleep(2);
}

async function untilNobodyWorks(): Promise<void> {
  while ((await execute(db.superuser, WORKING))[0]?.[0] !== 0) await sleep(20);
}
