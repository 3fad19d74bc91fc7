import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolderProblem } from '../../config/usable-folder.js';
import { codeOf } from './spool-file.js';
import { ownerOf, type SpoolOwner, THIS_PROCESS } from './spool-names.js';

/** No import takes this long; an older file belongs to a process whose id another one has now. **Units**: milliseconds. */
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/**
 * Removes what killed processes left in the spool directory. Safe beside running ones of the same machine.
 *
 * **Shape**: how many files were removed. Files of other names are never touched; what may not be read or removed is left where it
 * is, for a command that needs no spool must not fail for it, and one that does says so better.
 * **Why by process id**: a killed process cannot clean up, and its successor must not remove the files of another service or
 * command that uses the directory right now. Machines or containers must not share the directory: they cannot see
 * each other's processes.
 */
export async function sweepSpool(directory: string, now: () => number = Date.now): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(directory)) {
    const owner = ownerOf(name);
    if (owner === undefined) continue;
    const path = join(directory, name);
    try {
      if (isRunning(owner) && now() - (await stat(path)).mtimeMs < ABANDONED_AFTER_MS) continue;
      await unlink(path);
      removed++;
    } catch (error) {
      // Its owner, or another sweep, was faster; or it is another user's, as in a folder that all may write to.
      if (!isFolderProblem(error)) throw error;
    }
  }
  return removed;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isFolderProblem(error)) return [];
    throw error;
  }
}

function isRunning(owner: SpoolOwner): boolean {
  if (owner.pid === THIS_PROCESS.pid) return owner.started === THIS_PROCESS.started;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    // Not permitted means that there is one, of another user.
    return codeOf(error) === 'EPERM';
  }
}
