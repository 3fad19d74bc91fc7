import { chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { makeFolder } from '../../config/usable-folder.js';
import { EmbeddedPostgresError, explainFailure, hasCode, messageOf } from './embedded-postgres.errors.js';
import { runProgram } from './run-program.js';
import type { ServerAccount } from './server-account.js';

/** Programs of one PostgreSQL installation that the server's account is known to be able to run. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** As printed, e.g. `18.4`. */
  readonly version: string;
  /** Names the cluster's folder: data of one major version cannot be read by another. */
  readonly major: number;
}

/** Where root keeps what the server's account must reach and the project's folder does not let it reach. */
export const SYSTEM_FOLDER = '/var/lib/stockroom';

export interface FindBinariesOptions {
  readonly binDir: string | undefined;
  readonly dataDir: string;
  readonly account: ServerAccount | undefined;
  readonly log: (line: string) => void;
  /** In the place of the installed package. */
  readonly installation?: Installation;
}

/** An unpacked package of binaries. */
export interface Installation {
  /** Holds `bin`, `lib` and `share`: the programs find each other and their files by these names. */
  readonly root: string;
  readonly packageVersion: string;
}

/** **Errors**: EmbeddedPostgresError where no package fits this platform, or optional packages were left out. */
export async function installedPackage(): Promise<Installation> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const exported = (await import(name)) as { readonly postgres: string };
    const root = dirname(dirname(exported.postgres));
    const manifest: unknown = JSON.parse(await readFile(join(dirname(root), 'package.json'), 'utf8'));
    const { version } = manifest as { readonly version: string };
    return { root, packageVersion: version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `No PostgreSQL binaries for ${process.platform}-${process.arch}: the optional package ${name} is not installed. ` +
        'Install without --omit=optional, or use a server of your own by setting DATABASE_URL.',
      { cause },
    );
  }
}

interface Link {
  /** Relative to the package, with a leading `native/`. */
  readonly source: string;
  readonly target: string;
}

/**
 * Puts back the library links (libicui18n.so.60 …), which npm packages cannot carry and an install script makes;
 * pnpm, bun and `--ignore-scripts` skip that script.
 *
 * **Errors**: EACCES, EPERM or EROFS when the tree may not be written; nothing is written when all links are there.
 */
async function restoreLinks(root: string): Promise<void> {
  const links = JSON.parse(await readFile(join(root, 'pg-symlinks.json'), 'utf8')) as readonly Link[];
  for (const { source, target } of links) {
    const path = join(root, relative('native', target));
    try {
      await lstat(path);
    } catch {
      await symlink(basename(source), path).catch((error: unknown) => {
        if (!hasCode(error, 'EEXIST')) throw error;
      });
    }
  }
}

/** The server's account reads the tree whatever umask it was unpacked or copied under. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}

/** Copies the tree beside its final name and renames it, so that a copy cut short is never taken for a whole one. */
async function copyTree(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to));
  if (process.getuid?.() === 0) await chmod(dirname(to), 0o755);
  const staging = await mkdtemp(`${to}.copy-`);
  try {
    await cp(from, staging, { recursive: true, verbatimSymlinks: true });
    await restoreLinks(staging);
    await openToAll(staging);
    // Another start may be copying too: the same content, so whoever renames first is right.
    await rename(staging, to).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** **Shape**: `outOfReach` when another place would help: a folder not to be entered, a file system mounted noexec. */
type Probe =
  | { readonly version: string }
  | { readonly failure: Error; readonly outOfReach: boolean; readonly missing?: boolean };

/**
 * Runs `postgres --version` as the server's account: the one test that sees folders it may not enter, a file system
 * mounted noexec, missing libraries and a foreign C library alike. Measured: 10 ms.
 */
async function probe(binDir: string, account: ServerAccount | undefined): Promise<Probe> {
  const program = join(binDir, 'postgres');
  try {
    const { ok, output } = await runProgram(program, ['--version'], account);
    const version = /\(PostgreSQL\) (\S+)/.exec(output)?.[1];
    if (ok && version !== undefined) return { version };
    return {
      failure: explainFailure(`${program} does not run.`, output),
      outOfReach: output.includes('Permission denied'),
    };
  } catch (cause) {
    const reason = messageOf(cause);
    return {
      failure: new EmbeddedPostgresError(
        `${program} cannot be started by user id ${account?.uid ?? process.getuid?.()}: ${reason}. The binaries need a glibc ` +
          'system (not Alpine) and a path that this user may enter; or set DATABASE_URL to use a server of your own.',
        { cause },
      ),
      outOfReach: hasCode(cause, 'EACCES'),
      missing: hasCode(cause, 'ENOENT'),
    };
  }
}

function describe(binDir: string, version: string): PostgresBinaries {
  return {
    initdb: join(binDir, 'initdb'),
    postgres: join(binDir, 'postgres'),
    version,
    major: Number.parseInt(version, 10),
  };
}

async function runsInPlace(root: string, account: ServerAccount | undefined): Promise<Probe> {
  try {
    await restoreLinks(root);
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    return { failure: error as Error, outOfReach: true };
  }
  return probe(join(root, 'bin'), account);
}

async function runsFromCopy(
  { root, packageVersion }: Installation,
  options: FindBinariesOptions,
): Promise<PostgresBinaries> {
  const { account, dataDir, log } = options;
  const copy = join(account ? SYSTEM_FOLDER : dataDir, `postgres-${packageVersion}`);
  let result = await probe(join(copy, 'bin'), account);
  if ('failure' in result) {
    // A copy that does not run was spoilt, say by a loss of power; one that is not there may be arriving just now.
    if (!result.missing) await rm(copy, { recursive: true, force: true });
    log(`The PostgreSQL binaries cannot be used at ${root}; copying them to ${copy}.`);
    await copyTree(root, copy);
    result = await probe(join(copy, 'bin'), account);
  }
  if ('failure' in result) throw result.failure;
  return describe(join(copy, 'bin'), result.version);
}

/**
 * Finds PostgreSQL programs that the server's account can run: those in `binDir`, or the installed package's, in place
 * where that works and otherwise as a copy (below /var/lib as root, in the data directory as anyone else).
 *
 * **Errors**: EmbeddedPostgresError when there are none, or none that run here.
 */
export async function findBinaries(options: FindBinariesOptions): Promise<PostgresBinaries> {
  const { binDir, account } = options;
  if (binDir !== undefined) {
    const result = await probe(binDir, account);
    if ('failure' in result) throw result.failure;
    return describe(binDir, result.version);
  }
  const installation = options.installation ?? (await installedPackage());
  const result = await runsInPlace(installation.root, account);
  if ('version' in result) return describe(join(installation.root, 'bin'), result.version);
  if (!result.outOfReach) throw result.failure;
  return runsFromCopy(installation, options);
}
