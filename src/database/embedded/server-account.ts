import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The operating-system user that the server runs as, when it is not the user of this process. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

/** What Linux calls `nobody`; used where the `id` program is missing, as in a minimal image. */
const NOBODY: ServerAccount = { uid: 65534, gid: 65534 };

async function idOf(user: string, flag: '-u' | '-g'): Promise<number> {
  const { stdout } = await run('id', [flag, user], { cwd: '/' });
  // macOS prints nobody as 4294967294, the unsigned spelling of -2; spawn takes the signed one.
  return Number.parseInt(stdout, 10) | 0;
}

async function lookUp(user: string): Promise<ServerAccount | undefined> {
  try {
    return { uid: await idOf(user, '-u'), gid: await idOf(user, '-g') };
  } catch {
    return undefined;
  }
}

/**
 * The account for a new cluster: undefined (this user) unless this process is root, which PostgreSQL refuses to run as.
 *
 * **Why** no account is made: useradd changes the machine, and fails on a read-only root or in a minimal image. `nobody`
 * exists everywhere and serves.
 */
export async function chooseServerAccount(): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return (await lookUp('postgres')) ?? (await lookUp('nobody')) ?? NOBODY;
}

async function maySearch(folder: string, account: ServerAccount): Promise<boolean> {
  const { uid, gid, mode } = await stat(folder);
  if (uid === account.uid) return (mode & 0o100) !== 0;
  if (gid === account.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

/**
 * Whether the account may pass through `folder` and every folder above it.
 *
 * **Why** mode bits and not a trial: an account that gets in by an access list alone is told "no", which costs a relocation
 * and nothing else.
 */
export async function canEnter(folder: string, account: ServerAccount | undefined): Promise<boolean> {
  if (account === undefined) return true;
  for (let path = folder; ; path = dirname(path)) {
    if (!(await maySearch(path, account))) return false;
    if (path === dirname(path)) return true;
  }
}
