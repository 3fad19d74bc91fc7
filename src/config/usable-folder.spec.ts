import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderUnusable, makeFolder, requireFolder } from './usable-folder.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usable-folder-spec-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('makeFolder', () => {
  it('makes those above it too, and only the last one with the mode', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await makeFolder(path, 0o700);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  it('does nothing where there is one, through a link as well', async () => {
    await mkdir(join(folder, 'there'));
    await symlink(join(folder, 'there'), join(folder, 'link'));
    await makeFolder(join(folder, 'link'), 0o700);
    await makeFolder('/');
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('may be called twice at once', async () => {
    const path = join(folder, 'a', 'b', 'c', 'd');
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(path)));
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it('gives up where the system lets nobody make one', async () => {
    await expect(makeFolder('/proc/nowhere/below')).rejects.toMatchObject({
      code: expect.stringMatching(/^(ENOENT|EACCES)$/),
    });
  });

  it('refuses a file, a way through a file, and a link to nowhere', async () => {
    await writeFile(join(folder, 'file'), '');
    await symlink(join(folder, 'nowhere'), join(folder, 'link'));
    await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(makeFolder(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(makeFolder(join(folder, 'link'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('requireFolder', () => {
  const refusal = (path: string): Promise<unknown> =>
    requireFolder({ variable: 'STOCKROOM_DATA_DIR', path }).then(
      () => 'usable',
      (error: unknown) => error,
    );

  it('leaves nothing of its trial', async () => {
    expect(await refusal(join(folder, 'data'))).toBe('usable');
    expect(await readdir(join(folder, 'data'))).toEqual([]);
  });

  it.each(['/proc', '/proc/self/fd', '/proc/nowhere'])(
    'refuses %s, which root may write to by its mode, with one line',
    async (path) => {
      const error = await refusal(path);
      expect(error).toBeInstanceOf(FolderUnusable);
      expect(String(error)).toMatch(
        /^FolderUnusable: STOCKROOM_DATA_DIR names \/proc.*cannot be used \((ENOENT|EACCES|EPERM)\): .*another folder\.$/,
      );
    },
  );
});
