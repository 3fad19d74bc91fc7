import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes after which the next start begins a new file; one older file is kept. */
const ROTATE_AT = 10 * 1024 * 1024;

const pathOf = (dataDir: string): string => join(dataDir, 'postgres.log');

/** An end of the server's log to append to, and where this start begins in it. */
export interface ServerLog {
  readonly path: string;
  readonly handle: FileHandle;
  readonly offset: number;
}

/**
 * Opens the log for a server about to start.
 *
 * **Why** a file and not a pipe: the server outlives this process, and what it wrote into a pipe would then fail.
 */
export async function openServerLog(dataDir: string): Promise<ServerLog> {
  const path = pathOf(dataDir);
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > ROTATE_AT) await rename(path, `${path}.1`);
  const handle = await open(path, 'a', 0o600);
  return { path, handle, offset: (await handle.stat()).size };
}

/** What was written since `offset`, at most its last 64 KiB. */
export async function readServerLog({ path, offset }: Pick<ServerLog, 'path' | 'offset'>): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const from = Math.max(offset, size - 65_536);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    await handle.read(buffer, 0, buffer.length, from);
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}
