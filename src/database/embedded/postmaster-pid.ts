import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres.errors.js';

/** What a running (or killed) server left in `postmaster.pid`; PostgreSQL documents the order of its lines. */
export interface PostmasterPid {
  readonly pid: number;
  readonly dataDirectory: string;
  readonly port: number;
  readonly socketFolder: string;
}

/** Undefined when there is no such file, or when the server is still writing it. */
export async function readPostmasterPid(location: string): Promise<PostmasterPid | undefined> {
  let text: string;
  try {
    text = await readFile(join(location, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const [pid, dataDirectory, , port, socketFolder] = text.split('\n');
  if (!pid || !dataDirectory || !port || !socketFolder) return undefined;
  return { pid: Number(pid), dataDirectory, port: Number(port), socketFolder };
}

/** A process that ended but was not yet collected by its parent still answers signals; Linux tells it by the letter Z. */
async function isZombie(pid: number): Promise<boolean> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** Whether a process with this id runs, also when it belongs to somebody else. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!hasCode(error, 'EPERM')) return false;
  }
  return !(await isZombie(pid));
}

/**
 * Whether the process may be a PostgreSQL server. Linux tells its name; elsewhere any living process may be.
 *
 * **Why**: across containers that share a folder, the process id of one names another process, or none, in the other.
 */
export async function isPostgres(pid: number): Promise<boolean> {
  if (!(await isAlive(pid))) return false;
  if (process.platform !== 'linux') return true;
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return name.trim() === 'postgres';
}

/**
 * Refuses a pid file that tells of another folder's server: the folder was copied or moved while its server ran, and the
 * original's server must not be taken for this one's.
 */
export async function assertServes(found: PostmasterPid, location: string): Promise<void> {
  const here = await stat(location);
  const there = await stat(found.dataDirectory).catch(() => undefined);
  if (there?.ino === here.ino && there.dev === here.dev) return;
  throw new EmbeddedPostgresError(
    `${location} was copied or moved from ${found.dataDirectory} while its server (process id ${found.pid}) was running. ` +
      'Stop that server; then move the folder, or copy it again.',
  );
}
