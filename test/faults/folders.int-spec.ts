import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  buildOnce,
  databaseVariables,
  runProgram,
  SERVICE,
  stockroom,
  type CommandOptions,
  type CommandResult,
} from '../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const isRoot = process.getuid?.() === 0;
const ORDINARY = { uid: 65534, gid: 65534 };

let db: TestDatabase;
let folder: string;

beforeAll(async () => {
  buildOnce();
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stockroom-folders-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

const start = (env: NodeJS.ProcessEnv, options: CommandOptions = {}): Promise<CommandResult> =>
  runProgram(SERVICE, [], { cwd: folder, ...options, env: { PORT: '0', ...env } });

/** One line that names the variable, and no stack. */
function expectOneLine({ status, stdout, stderr }: CommandResult, line: RegExp): void {
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect([stdout, status]).toEqual(['', 1]);
}

/** Folders that cannot be used, whoever asks. **Shape**: what, and how it comes about below the test's folder. */
const UNUSABLE: readonly (readonly [what: string, make: () => Promise<string>])[] = [
  ['lies below /proc', async () => '/proc/nowhere/data'],
  ['is /proc', async () => '/proc'],
  [
    'is a file',
    async () => {
      await writeFile(join(folder, 'file'), '');
      return join(folder, 'file');
    },
  ],
  [
    'lies below a file',
    async () => {
      await writeFile(join(folder, 'file'), '');
      return join(folder, 'file', 'data');
    },
  ],
  [
    'is a link to nowhere',
    async () => {
      await symlink(join(folder, 'nowhere'), join(folder, 'link'));
      return join(folder, 'link');
    },
  ],
];

describe('a start', () => {
  it.each(UNUSABLE)('is refused at once when the data directory %s', async (_what, make) => {
    const result = await start({ STOCKROOM_DATA_DIR: await make() });
    expectOneLine(result, /^STOCKROOM_DATA_DIR names .* cannot be used .*another folder\.$/m);
  });

  it.each(UNUSABLE)('is refused at once when the spool %s', async (_what, make) => {
    const env = { ...databaseVariables(db), STOCKROOM_IMPORT_SPOOL_DIR: await make() };
    expectOneLine(
      await start(env),
      /^STOCKROOM_IMPORT_SPOOL_DIR names .* cannot be used .*another folder\.$/m,
    );
  });

  (isRoot ? it : it.skip)('of an ordinary user is refused where that user may not write', async () => {
    const refused = /^STOCKROOM_DATA_DIR names .* cannot be used \(EACCES\): this user may not write there/;
    await mkdir(join(folder, 'taken'));
    const options = { account: ORDINARY, cwd: '/' };
    expectOneLine(await start({ STOCKROOM_DATA_DIR: join(folder, 'taken') }, options), refused);
    expectOneLine(await start({ STOCKROOM_DATA_DIR: join(folder, 'new') }, options), refused);
    expectOneLine(await start({ STOCKROOM_DATA_DIR: '/proc/nowhere' }, options), /^STOCKROOM_DATA_DIR names/);
  });

  (isRoot ? it : it.skip)('is refused on a read-only file system, root or not', async () => {
    const result = inOwnMounts(`mount -t tmpfs -o ro none ${folder}`, { STOCKROOM_DATA_DIR: folder });
    expectOneLine(
      result,
      /^STOCKROOM_DATA_DIR names .*\(EROFS\): the file system is read-only, or name another folder\.$/m,
    );
  });

  (isRoot ? it : it.skip)(
    'without room is refused with one line, when its secrets cannot be kept',
    async () => {
      const full = `mount -t tmpfs -o size=16k none ${folder} && (cat /dev/zero > ${folder}/filler 2> /dev/null; true)`;
      const result = inOwnMounts(full, { STOCKROOM_DATA_DIR: folder });
      expectOneLine(result, /ENOSPC.*The disk is full: free some space\.$/m);
    },
  );
});

describe('a command', () => {
  const env = async (make: () => Promise<string>): Promise<NodeJS.ProcessEnv> => ({
    ...databaseVariables(db),
    STOCKROOM_IMPORT_SPOOL_DIR: await make(),
  });
  const CSV = 'Symbol,Date,Close\nFOLDER,2024-01-02,1\n';

  it.each(UNUSABLE)('that spools is refused with one line when the spool %s', async (_what, make) => {
    await writeFile(join(folder, 'a.csv.gz'), gzipSync(CSV));
    const result = await stockroom(['import', '--track', 'a.csv.gz'], { cwd: folder, env: await env(make) });
    expectOneLine(result, /STOCKROOM_IMPORT_SPOOL_DIR names .* cannot be used/);
  });

  it('that does not spool needs no spool', async () => {
    await writeFile(join(folder, 'a.csv'), CSV);
    const [, lastMake] = UNUSABLE.at(-1) ?? [];
    if (lastMake === undefined) throw new Error('There is no case.');
    const result = await stockroom(['import', '--track', 'a.csv'], { cwd: folder, env: await env(lastMake) });
    expect(result).toMatchObject({ status: 0, stderr: '' });
  });

  it('makes no data directory where it cannot, and says so', async () => {
    const result = await stockroom(['db', 'status'], { env: { STOCKROOM_DATA_DIR: '/proc/nowhere' } });
    expectOneLine(result, /^STOCKROOM_DATA_DIR names \/proc\/nowhere/);
  });
});

describe('the trial of a folder', () => {
  // The control: the way that it replaces is still there, and still does not come back.
  (isRoot ? it : it.skip)('is needed as long as Node’s own way to make a folder never ends', () => {
    const script = `require('node:fs/promises').mkdir('/proc/nowhere/data', { recursive: true }).catch(console.log)`;
    const limits = { timeout: 2_000, killSignal: 'SIGKILL' } as const;
    expect(spawnSync(process.execPath, ['-e', script], limits)).toMatchObject({ signal: 'SIGKILL' });
  });

  it('leaves nothing behind', async () => {
    const spool = join(folder, 'spool');
    const port = {
      ...databaseVariables(db),
      STOCKROOM_IMPORT_SPOOL_DIR: spool,
      PORT: '1',
      HOST: '203.0.113.1',
    };
    // Refused for its address, long after the folders were tried.
    expect(await start(port)).toMatchObject({ status: 1 });
    expect(await readdir(spool)).toEqual([]);
  });
});

/** Starts the service in mounts of its own, which go with it. */
function inOwnMounts(mount: string, env: NodeJS.ProcessEnv): CommandResult {
  const { status, signal, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', 'sh', '-c', `${mount} && exec "$0" "$1"`, process.execPath, SERVICE],
    {
      encoding: 'utf8',
      cwd: '/',
      env: { PATH: process.env.PATH, PORT: '0', ...env },
      timeout: 25_000,
      killSignal: 'SIGKILL',
    },
  );
  return { status, signal, stdout, stderr };
}
