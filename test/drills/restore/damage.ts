import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Cluster, type Place } from './cluster.js';
import { must } from './programs.js';

/** A copy of a repository that shares all files with it but those that are written anew. */
export async function copyOfRepository(place: Place, from: string, name: string): Promise<string> {
  const path = join(place.folder, name);
  await must('cp', ['-al', from, path]);
  return path;
}

/** Changes one byte in the middle of a file, in a file of its own. */
export async function flipByte(path: string): Promise<void> {
  const { uid, gid } = await stat(path);
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  await rm(path);
  await writeFile(path, bytes, { mode: 0o640 });
  await must('chown', [`${uid}:${gid}`, path]);
}

/** The largest file that the newest backup brought itself; what it took over from an older one, a restore may not need. */
export async function largestBackupFile(repository: string): Promise<string> {
  const sets = (await readdir(join(repository, 'backup/stockroom'))).filter((name) =>
    /^\d{8}-\d{6}F(_\d{8}-\d{6}D)?$/.test(name),
  );
  const set = sets.sort().at(-1) ?? '';
  const folder = join(repository, 'backup/stockroom', set, 'pg_data/base');
  let largest = { path: '', size: 0 };
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    if (size > largest.size) largest = { path, size };
  }
  return largest.path;
}

/** Segments of log of a timeline in the archive, by name. **Shape**: paths. */
export async function segments(repository: string, timeline = 1): Promise<readonly string[]> {
  return archived(repository, new RegExp(`^0000000${timeline}[0-9A-F]{16}-[0-9a-f]{40}`));
}

/**
 * Segments of the first timeline that lead to the second. **Shape**: paths. **Why** not all: a last record that goes on behind the end of the
 * log is not whole, so the second timeline begins in the same segment, of which it has a copy of its own.
 */
export async function segmentsBeforeFork(repository: string): Promise<readonly string[]> {
  const numberOf = (path: string): string => basename(path).slice(8, 24);
  const [fork] = await segments(repository, 2);
  return (await segments(repository)).filter((path) => fork === undefined || numberOf(path) < numberOf(fork));
}

/** The files that say where timelines begin. */
export async function histories(repository: string): Promise<readonly string[]> {
  return archived(repository, /^[0-9A-F]{8}\.history$/);
}

async function archived(repository: string, pattern: RegExp): Promise<readonly string[]> {
  const root = join(repository, 'archive/stockroom');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What a try to restore came to. **Shape**: `said` is all that the script and the server said. */
export interface Attempt {
  readonly cluster: Cluster;
  readonly restored: boolean;
  readonly opened: boolean;
  readonly said: string;
}

/**
 * Restores into a cluster of its own, beside everything else, and starts it. It archives nothing: a trial must not write into the
 * repository that it was made from.
 */
export async function tryRestore(
  place: Place,
  options: {
    readonly name: string;
    readonly repository: string;
    readonly args?: readonly string[];
    /** By pgBackRest alone, without what the script adds. */
    readonly plain?: boolean;
  },
): Promise<Attempt> {
  const cluster = await Cluster.prepare(place, options.name, options.repository);
  const { status, output } =
    options.plain === true
      ? await cluster.run('pgbackrest', ['--stanza=stockroom', 'restore', ...(options.args ?? [])])
      : await cluster.script('stockroom-restore.sh', ...(options.args ?? []));
  if (status !== 0) return { cluster, restored: false, opened: false, said: output };
  const { ok, log } = await cluster.start({ archive_mode: 'off' });
  return { cluster, restored: true, opened: ok, said: output + log };
}
