import {
  access,
  chmod,
  chown,
  constants,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  stat,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../../config/usable-folder.js';
import { EmbeddedPostgresError, hasCode, messageOf } from './embedded-postgres.errors.js';
import { SYSTEM_FOLDER } from './postgres-binaries.js';
import { canEnter, type ServerAccount } from './server-account.js';

/** Each server has a socket folder to itself, so the port only names the socket file. */
export const SOCKET_PORT = 5432;

/** Where one cluster lies and who owns it. */
export interface ClusterPlace {
  /** The folder the user chose. */
  readonly dataDir: string;
  /** Holds the cluster and its socket folder: the data directory, or a folder below /var/lib. */
  readonly home: string;
  /** The cluster itself, without symbolic links. */
  readonly location: string;
  /** Whether initdb ran to its end there. */
  readonly exists: boolean;
  /** Undefined: the user of this process. */
  readonly account: ServerAccount | undefined;
}

/**
 * Makes the data directory and sees that it can be used.
 *
 * **Why** search permission for others when root runs the server as another user: that user must pass through. Nothing in
 * the folder becomes readable by it, for every file inside has a mode of its own, and names cannot be listed.
 */
export async function prepareDataDir(dataDir: string, account: ServerAccount | undefined): Promise<void> {
  try {
    await makeFolder(dirname(dataDir));
    await mkdir(dataDir, { mode: 0o700 }).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    if (account && !(await canEnter(dataDir, account)) && (await canEnter(dirname(dataDir), account))) {
      await chmod(dataDir, (await stat(dataDir)).mode | 0o011);
    }
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The data directory ${dataDir} cannot be used: ${messageOf(cause)}. ` +
        'Choose a folder you may write to with STOCKROOM_DATA_DIR.',
      { cause },
    );
  }
}

/**
 * Names a data directory briefly and without chance: its device, its inode and when it was made.
 *
 * **Why** not a hash of its path: a folder deleted and made anew has the same path, and would inherit a cluster whose
 * password is lost.
 */
async function keyOf(dataDir: string): Promise<string> {
  const { dev, ino, birthtimeNs } = await stat(dataDir, { bigint: true });
  return [dev, ino, birthtimeNs].map((part) => part.toString(36)).join('-');
}

async function refuseOtherMajors(dataDir: string, major: number): Promise<void> {
  const others = (await readdir(dataDir)).filter((name) => /^postgres-\d+$/.test(name));
  if (others.length === 0 || others.includes(`postgres-${major}`)) return;
  throw new EmbeddedPostgresError(
    `${join(dataDir, others[0] ?? '')} was made by another major version than these binaries, which are PostgreSQL ${major}. ` +
      'Dump it with its own version and restore it into a new data directory (STOCKROOM_DATA_DIR).',
  );
}

async function ownerOf(location: string): Promise<ServerAccount | undefined> {
  const { uid, gid } = await stat(location);
  const self = process.getuid?.();
  if (self === 0 && uid !== 0) return { uid, gid };
  if (self !== 0 && (self === undefined || uid === self)) return undefined;
  throw new EmbeddedPostgresError(
    uid === 0
      ? `${location} belongs to root, whom PostgreSQL refuses to serve: chown -R it to the user who ran it before.`
      : `${location} belongs to user id ${uid}, and this is user id ${self}: start as that user or as root, ` +
          'or choose another folder with STOCKROOM_DATA_DIR.',
  );
}

async function assertVersion(location: string, major: number): Promise<void> {
  const version = await readFile(join(location, 'PG_VERSION'), 'utf8').catch((cause: unknown) => {
    throw new EmbeddedPostgresError(`${location} holds no PostgreSQL cluster: move it away.`, { cause });
  });
  if (version.trim() === String(major)) return;
  throw new EmbeddedPostgresError(
    `${location} holds data of PostgreSQL ${version.trim()}, and these binaries are PostgreSQL ${major}. ` +
      'Dump it with its own version and restore it into a new data directory (STOCKROOM_DATA_DIR).',
  );
}

async function existingPlace(dataDir: string, location: string, major: number): Promise<ClusterPlace> {
  // An existing cluster runs as its owner, whoever root would choose today.
  const account = await ownerOf(location);
  await assertVersion(location, major);
  if (!(await canEnter(location, account))) {
    throw new EmbeddedPostgresError(
      `User id ${account?.uid}, who owns ${location}, may not enter one of the folders above it: ` +
        'give them search permission (chmod o+x), or move the data directory.',
    );
  }
  return { dataDir, home: dirname(location), location, exists: true, account };
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
}

export interface ChoosePlaceOptions {
  readonly dataDir: string;
  readonly major: number;
  /** Whom to give a new cluster to. */
  readonly account: ServerAccount | undefined;
  readonly log: (line: string) => void;
}

/**
 * Finds the cluster of a data directory, or decides where a new one goes.
 *
 * **Shape**: the cluster lies at `postgres-<major>` in the data directory; or, made by root where the server's account
 * may not enter, below /var/lib/stockroom, and `postgres-<major>` is a symbolic link to it.
 *
 * **Errors**: EmbeddedPostgresError for a foreign owner, another major version, or a link to nowhere.
 */
export async function choosePlace(options: ChoosePlaceOptions): Promise<ClusterPlace> {
  const { dataDir, major, account, log } = options;
  await refuseOtherMajors(dataDir, major);
  const name = `postgres-${major}`;
  const entry = join(dataDir, name);
  if (!(await isMissing(entry))) {
    const location = await realpath(entry).catch((cause: unknown) => {
      throw new EmbeddedPostgresError(
        `${entry} links to a folder that is gone: restore it, or remove the link.`,
        { cause },
      );
    });
    return existingPlace(dataDir, location, major);
  }
  if (await canEnter(dataDir, account)) {
    return { dataDir, home: dataDir, location: join(dataDir, name), exists: false, account };
  }
  const home = join(SYSTEM_FOLDER, await keyOf(dataDir));
  log(
    `User id ${account?.uid} may not enter ${dataDir}: the database is kept in ${home}, and linked from there.`,
  );
  return { dataDir, home, location: join(home, name), exists: false, account };
}

const socketPathLimit = process.platform === 'darwin' ? 103 : 107;

const fits = (folder: string): boolean =>
  Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) <= socketPathLimit;

/** The socket folder: beside the cluster, or a short one in the temporary folder when the path would be too long. */
async function chooseSocketFolder({ home, dataDir }: ClusterPlace): Promise<string> {
  const inHome = join(home, 'run');
  if (fits(inHome)) return inHome;
  const name = `stockroom-${await keyOf(dataDir)}`;
  const inTemporary = join(tmpdir(), name);
  return fits(inTemporary) ? inTemporary : join('/tmp', name);
}

/**
 * Makes the socket folder, open to the server's account (and root) alone.
 *
 * **Errors**: EmbeddedPostgresError when somebody else made a folder of that name first, as anybody can in /tmp, or when it
 * holds anything but sockets: then it is somebody's, such as the system's own /run, and must not change hands.
 */
export async function makeSocketFolder(place: ClusterPlace): Promise<string> {
  const folder = await chooseSocketFolder(place);
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
  const found = await lstat(folder);
  const mine = [process.getuid?.(), place.account?.uid].includes(found.uid);
  if (!found.isDirectory() || !mine) {
    throw new EmbeddedPostgresError(
      `${folder} should be the folder of the database socket, but user id ${found.uid} made it (${basename(folder)}): remove it.`,
    );
  }
  const others = (await readdir(folder)).filter((name) => !name.startsWith('.s.PGSQL.'));
  if (others.length > 0) {
    throw new EmbeddedPostgresError(
      `${folder} should be the folder of the database socket, but it holds ${others[0]}. Set STOCKROOM_DATA_DIR to a folder of the service's own.`,
    );
  }
  await chmod(folder, 0o700);
  if (place.account) await chown(folder, place.account.uid, place.account.gid);
  return folder;
}
