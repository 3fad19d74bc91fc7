import { chmod, chown, mkdtemp, open, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder } from '../../config/usable-folder.js';
import type { ClusterPlace } from './cluster-place.js';
import { explainFailure, hasCode } from './embedded-postgres.errors.js';
import { isAlive } from './postmaster-pid.js';
import { SYSTEM_FOLDER, type PostgresBinaries } from './postgres-binaries.js';
import { runProgram } from './run-program.js';

export const SUPERUSER = 'postgres';

export interface CreateClusterOptions {
  readonly place: ClusterPlace;
  readonly binaries: PostgresBinaries;
  readonly superuserPassword: string;
  readonly log: (line: string) => void;
}

/** **Shape**: `postgres-18.new-<pid>-<random>`; the pid tells whether somebody still works in it. */
const STAGING = /\.new-(\d+)-/;

/** Removes what starts killed in the middle left behind. What an orphaned initdb still fills is left to the next start. */
async function removeAbandonedStaging(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = STAGING.exec(name)?.[1];
    if (pid === undefined || (await isAlive(Number(pid)))) continue;
    await rm(join(home, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function makeHome({ dataDir, home, exists }: ClusterPlace): Promise<void> {
  if (exists || home === dataDir) return;
  await makeFolder(home);
  // A umask of 077 would close the way for the server's account.
  await chmod(SYSTEM_FOLDER, 0o755);
  await chmod(home, 0o711);
  await writeFile(join(home, 'data-directory.txt'), `${dataDir}\n`, { mode: 0o600 });
}

async function giveTo({ account }: ClusterPlace, path: string): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

/**
 * **Why** a file for the password: as an argument every user could read it in the process list, and initdb reopens
 * /dev/stdin by name, which another account may not. It lies in a folder of mode 0700 and goes when initdb ends.
 */
async function runInitdb(options: CreateClusterOptions, staging: string): Promise<string> {
  const { place, binaries, superuserPassword } = options;
  const passwordFile = join(staging, 'password');
  const cluster = join(staging, 'cluster');
  await writeFile(passwordFile, `${superuserPassword}\n`, { mode: 0o600, flag: 'wx' });
  await giveTo(place, passwordFile);
  const run = (locale: string): ReturnType<typeof runProgram> =>
    runProgram(
      binaries.initdb,
      [
        ...['-D', cluster, '--username', SUPERUSER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
        ...['--data-checksums', '--encoding', 'UTF8', '--locale', locale, '--no-instructions'],
      ],
      place.account,
    );
  try {
    // Older macOS has no C.UTF-8. Plain C sorts the same, by code point; only upper() and lower() stop at ASCII.
    let result = await run('C.UTF-8');
    if (!result.ok && /invalid locale name/.test(result.output)) result = await run('C');
    if (!result.ok)
      throw explainFailure(`initdb could not create a database in ${place.home}.`, result.output);
  } finally {
    await rm(passwordFile, { force: true });
  }
  return cluster;
}

/** So that the new name outlives a loss of power, as initdb sees to for the files below it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function link({ dataDir, home, location }: ClusterPlace): Promise<void> {
  if (home === dataDir) return;
  await symlink(location, join(dataDir, basename(location))).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
}

/**
 * Makes the cluster if there is none: initdb in a folder beside its place, then one rename.
 *
 * **Why**: a start killed in the middle of initdb leaves a folder that looks like a cluster and is none. Under the final
 * name there is only ever a whole one. Of two first starts at once the second rename fails, and its cluster is dropped.
 */
export async function createCluster(options: CreateClusterOptions): Promise<void> {
  const { place, log } = options;
  await makeHome(place);
  await removeAbandonedStaging(place.home);
  if (place.exists) return;
  const staging = await mkdtemp(`${place.location}.new-${process.pid}-`);
  try {
    await giveTo(place, staging);
    log(`Creating a PostgreSQL ${options.binaries.version} cluster in ${place.location}.`);
    const cluster = await runInitdb(options, staging);
    await rename(cluster, place.location).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) throw error;
      log('Another start made the cluster first; using that one.');
    });
    await syncFolder(place.home);
    await link(place);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
