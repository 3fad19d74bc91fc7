import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { DAILY_CSV } from '../../../test/factories/price-files.js';
import { openLocalFile } from './open-local-file.js';
import { spoolFileName, THIS_PROCESS } from './spool-names.js';
import { sweepSpool } from './sweep-spool.js';

const UUID = '0190a6f0-0000-7000-8000-000000000000';
const DAY_MS = 24 * 3600 * 1000;

let folder: string;
let spool: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-files-spec-'));
  spool = join(folder, 'spool');
});

afterEach(() => rm(folder, { recursive: true }));

describe('openLocalFile', () => {
  const limits = { maxBytes: 1e9, maxExpandedBytes: 1e9, maxExpansionRatio: 200, idleTimeoutMs: 5_000 };
  const openFile = (path: string, stdin?: Readable): ReturnType<typeof openLocalFile> =>
    openLocalFile(path, { ...limits, directory: spool, ...(stdin === undefined ? {} : { stdin }) });

  it('uses a plain file where it lies, and leaves it there', async () => {
    const path = join(folder, 'a.csv');
    await writeFile(path, DAILY_CSV);
    const file = await openFile(path);
    expect(file).toMatchObject({ path, bytes: DAILY_CSV.length });
    await file.dispose();
    expect(await readFile(path, 'utf8')).toBe(DAILY_CSV);
    await expect(readdir(spool)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['a.csv.gz', 'A.CSV.GZ'])('unpacks %s into the spool', async (name) => {
    const path = join(folder, name);
    await writeFile(path, gzipSync(DAILY_CSV));
    await using file = await openFile(path);
    expect(file.path.startsWith(spool)).toBe(true);
    expect(await readFile(file.path, 'utf8')).toBe(DAILY_CSV);
  });

  it('refuses a .gz that is none, and leaves nothing', async () => {
    const path = join(folder, 'a.gz');
    await writeFile(path, DAILY_CSV);
    await expect(openFile(path)).rejects.toMatchObject({ code: 'import-gzip' });
    expect(await readdir(spool)).toEqual([]);
  });

  it('spools standard input and pipes, which cannot be read twice', async () => {
    await using input = await openFile('-', Readable.from([Buffer.from(DAILY_CSV)]));
    expect(await readFile(input.path, 'utf8')).toBe(DAILY_CSV);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [file] = await Promise.all([openFile(pipe), writeFile(pipe, DAILY_CSV)]);
    expect(await readFile(file.path, 'utf8')).toBe(DAILY_CSV);
    await file.dispose();
  });

  it.each([1, 7, 65_536])('unpacks gzip without a name, in chunks of %d bytes', async (size) => {
    const packed = gzipSync(DAILY_CSV);
    const chunks = Array.from({ length: Math.ceil(packed.length / size) }, (_, index) =>
      packed.subarray(index * size, (index + 1) * size),
    );
    await using input = await openFile('-', Readable.from(chunks));
    expect(await readFile(input.path, 'utf8')).toBe(DAILY_CSV);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [file] = await Promise.all([openFile(pipe), writeFile(pipe, packed)]);
    expect(await readFile(file.path, 'utf8')).toBe(DAILY_CSV);
    await file.dispose();
  });

  it.each(['', '1f', '1f8c', '8b1f'])('leaves standard input as it is when it begins "%s"', async (start) => {
    const bytes = Buffer.from(start, 'hex');
    await using input = await openFile('-', Readable.from(bytes.length === 0 ? [] : [bytes]));
    expect(await readFile(input.path)).toEqual(bytes);
  });

  it('holds gzip without a name to the same limits, and refuses it when it is cut short', async () => {
    const packed = gzipSync(DAILY_CSV);
    const cut = openFile('-', Readable.from([packed.subarray(0, -9)]));
    await expect(cut).rejects.toMatchObject({ code: 'import-gzip' });
    const small = openLocalFile('-', {
      ...limits,
      directory: spool,
      maxExpandedBytes: DAILY_CSV.length - 1,
      stdin: Readable.from([packed]),
    });
    await expect(small).rejects.toMatchObject({ code: 'import-too-large' });
    expect(await readdir(spool)).toEqual([]);
  });

  it('names what is wrong with a path', async () => {
    const expected = (message: string): object => ({
      code: 'import-file',
      message: expect.stringContaining(message),
    });
    await expect(openFile(join(folder, 'none.csv'))).rejects.toMatchObject(expected('there is no such file'));
    await expect(openFile(folder)).rejects.toMatchObject(expected('is a directory'));
    await writeFile(join(folder, 'a'), '');
    await expect(openFile(join(folder, 'a', 'b'))).rejects.toMatchObject(expected('ENOTDIR'));
  });
});

describe('sweepSpool', () => {
  const put = async (owner: { pid: number; started: string }): Promise<string> => {
    const name = spoolFileName(UUID.replace('000000000000', String(owner.pid).padStart(12, '0')), owner);
    await writeFile(join(folder, name), 'x');
    return name;
  };

  it('removes what a killed process left', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")']);
    await put({ pid, started: 'abc' });
    expect(await sweepSpool(folder)).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('removes what an earlier process of the same id left, and keeps what is its own', async () => {
    await put({ pid: process.pid, started: 'abc' });
    expect(await sweepSpool(folder)).toBe(1);
    const own = await put(THIS_PROCESS);
    expect(await sweepSpool(folder)).toBe(0);
    expect(await readdir(folder)).toEqual([own]);
  });

  it('keeps what a running process has, until it is older than any import', async () => {
    const name = await put({ pid: process.ppid, started: 'abc' });
    expect(await sweepSpool(folder)).toBe(0);
    const { mtimeMs } = await stat(join(folder, name));
    await utimes(join(folder, name), new Date(), new Date(mtimeMs - DAY_MS - 1_000));
    expect(await sweepSpool(folder)).toBe(1);
  });

  it('touches no other file, and does not mind a directory that is not there', async () => {
    const others = [
      'a.csv',
      'upload.1.spool',
      `upload.x.abc.${UUID}.spool`,
      `upload.1.abc.${UUID}.spool.bak`,
    ];
    for (const name of others) await writeFile(join(folder, name), 'x');
    expect(await sweepSpool(folder)).toBe(0);
    expect((await readdir(folder)).toSorted()).toEqual(others.toSorted());
    expect(await sweepSpool(join(folder, 'none'))).toBe(0);
  });
});
