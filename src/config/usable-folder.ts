import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileProblem } from './file-problem.js';

/** A folder and the variable that names it. **Shape**: `path` is absolute. */
export interface NamedFolder {
  readonly variable: string;
  readonly path: string;
}

/** What to do about it, by the system's code. Any other code: choose another folder. */
const MENDS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there: mend its owner and mode',
  EPERM: 'the system does not permit it: mend its owner and mode',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a file lies in its way',
  ENOENT: 'the system lets nobody make a folder there',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the quota of the disk is used up: free some space',
};

/**
 * The folder that a variable names cannot be made or written to. Ends a start or a command; never leaves over HTTP.
 *
 * **Shape**: one line that names the variable, the folder, the reason and the mend; `code` is the system's, such as `EROFS`.
 */
export class FolderUnusable extends Error {
  readonly code: string;

  constructor({ variable, path }: NamedFolder, cause: unknown) {
    const code = fileProblem(cause);
    const reason = MENDS[code] ?? 'the system refuses it';
    super(`${variable} names ${path}, which cannot be used (${code}): ${reason}, or name another folder.`, {
      cause,
    });
    this.name = 'FolderUnusable';
    this.code = code;
  }
}

/** Whether the system refused because of the folder, and not for want of memory or file handles. */
export function isFolderProblem(error: unknown): boolean {
  return fileProblem(error) in MENDS;
}

/**
 * Makes a folder and those above it, as `mkdir -p` does; does nothing when it is there.
 *
 * **Why not Node's own** `recursive`: where the system lets nobody make a folder, as below `/proc`, that one tries for ever, busily,
 * on a thread that nothing can stop (Node 20 to 24): it takes "no such folder" for a missing parent, which it then
 * finds.
 * **Units**: `mode` is for the folder itself; those above get the system's default.
 * **Errors**: those of the system; `ENOTDIR` when a file has that name.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = fileProblem(error);
    if (code === 'EEXIST') return requireDirectory(path);
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    // Once: what is missing now is not the parent.
    await mkdir(path, { mode }).catch((second: unknown) => {
      // Another process was faster.
      if (fileProblem(second) !== 'EEXIST') throw second;
    });
  }
}

/**
 * Makes a folder and tries whether this process may make something in it.
 *
 * **Why a trial**: of `/proc` and of a few network file systems the permissions say yes to root, and nothing can be made there.
 * **Errors**: `FolderUnusable`, a full disk included.
 */
export async function requireFolder(folder: NamedFolder, mode?: number): Promise<void> {
  try {
    await makeFolder(folder.path, mode);
    await rmdir(await mkdtemp(join(folder.path, '.trial-')));
  } catch (error) {
    throw new FolderUnusable(folder, error);
  }
}

async function requireDirectory(path: string): Promise<void> {
  // A link to nowhere is no folder either: `stat` says so.
  if ((await stat(path)).isDirectory()) return;
  throw Object.assign(new Error(`${path} is not a folder`), { code: 'ENOTDIR' });
}
