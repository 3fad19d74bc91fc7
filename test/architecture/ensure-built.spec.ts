import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './rules/source-files.js';

/** Stands in for `nest build`: notes that it ran, takes a moment, and fails while a file `broken` lies there. */
const BUILD = `
  const { appendFileSync, existsSync, mkdirSync, rmSync } = require('node:fs');
  appendFileSync('builds', 'x');
  rmSync('dist', { recursive: true, force: true });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  mkdirSync('dist');
  console.log('what the build says');
  process.exit(existsSync('broken') ? 1 : 0);
`;

describe('a start', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const builds = (): number => (existsSync(path('builds')) ? readFileSync(path('builds'), 'utf8').length : 0);

  async function start(): Promise<{ status: number; stdout: string }> {
    const { status, stdout } = await startWithErrors();
    return { status, stdout };
  }

  async function startWithErrors(): Promise<{ status: number; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [path('scripts/ensure-built.mjs')], { cwd: folder });
    let stdout = '';
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number];
    return { status, stdout, stderr };
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stockroom-build-'));
    for (const name of ['scripts', 'src/users', 'migrations', 'node_modules/@nestjs/cli/bin']) {
      mkdirSync(path(name), { recursive: true });
    }
    copyFileSync(join(ROOT, 'scripts/ensure-built.mjs'), path('scripts/ensure-built.mjs'));
    writeFileSync(path('node_modules/@nestjs/cli/bin/nest.js'), BUILD);
    writeFileSync(path('src/users/users.service.ts'), '');
    writeFileSync(path('package.json'), '{}');
    writeFileSync(path('node_modules/.package-lock.json'), '{}');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('says what to do while the dependencies are not there, or npm is not done with them', async () => {
    rmSync(path('node_modules/.package-lock.json'));
    const { status, stderr } = await startWithErrors();
    expect([status, builds()]).toEqual([1, 0]);
    expect(stderr).toMatch(
      /^The dependencies are not installed, or not to the end: run npm ci, and wait for it\.\n$/,
    );
  });

  it('builds at first, and not again while nothing changed', async () => {
    expect(await start()).toEqual({ status: 0, stdout: '' });
    expect(builds()).toBe(1);
    expect(await start()).toEqual({ status: 0, stdout: '' });
    expect(builds()).toBe(1);
  });

  it.each([
    ['a source', 'src/users/users.service.ts'],
    ['a new file', 'migrations/009_new.ts'],
    ['the package', 'package.json'],
  ])('builds again after %s changed', async (_what, name) => {
    await start();
    writeFileSync(path(name), '{}');
    await start();
    expect(builds()).toBe(2);
  });

  it('builds again after a file was deleted', async () => {
    await start();
    rmSync(path('src/users/users.service.ts'));
    await start();
    expect(builds()).toBe(2);
  });

  it('builds again what was saved while a build ran', async () => {
    const running = start();
    while (builds() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    writeFileSync(path('src/users/users.service.ts'), 'changed');
    await running;
    await start();
    expect(builds()).toBe(2);
  });

  it('is refused when the build fails, and builds again next time', async () => {
    writeFileSync(path('broken'), '');
    expect((await start()).status).toBe(1);
    rmSync(path('broken'));
    expect((await start()).status).toBe(0);
    expect(builds()).toBe(2);
  });

  it('waits for the build of another', async () => {
    const results = await Promise.all([start(), start(), start()]);
    expect(results.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(builds()).toBe(1);
  });

  it.each([
    ['a process that is gone', '999999999'],
    ['one that did not live to write its number', ''],
  ])('takes over the lock of %s', async (_whose, content) => {
    const lock = path('node_modules/.stockroom-build.lock');
    writeFileSync(lock, content);
    utimesSync(lock, 1, 1);
    expect((await start()).status).toBe(0);
    expect(builds()).toBe(1);
    expect(existsSync(lock)).toBe(false);
  });
});
