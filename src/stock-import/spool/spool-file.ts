import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { v4 as uuidv4 } from 'uuid';
import { FolderUnusable, isFolderProblem, makeFolder } from '../../config/usable-folder.js';
import { SpoolFull, SpoolUnusable } from './spool.errors.js';
import { spoolFileName } from './spool-names.js';

/** A file that can be read as often as is needed. **Units**: `bytes` as they lie on the disk, unpacked. */
export interface SpooledFile extends AsyncDisposable {
  readonly path: string;
  readonly bytes: number;
  /** Removes the file if it was made here; may be called twice. */
  dispose(): Promise<void>;
}

/** No room, over quota, over the largest size of a file: to the sender all are the same. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A spool file that is being written: private to this user, and gone after `discard` or the disposal of what `finish` gives. */
export class SpoolWriter {
  private bytes = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
  ) {}

  /** Makes the directory, if need be, and an empty file in it. **Errors**: `SpoolFull`, `SpoolUnusable`. */
  static async create(directory: string): Promise<SpoolWriter> {
    const path = join(directory, spoolFileName(uuidv4()));
    try {
      await makeFolder(directory, 0o700);
      return new SpoolWriter(await open(path, 'wx', 0o600), path);
    } catch (error) {
      if (NO_ROOM.has(codeOf(error)) || !isFolderProblem(error)) throw translated(error);
      throw new SpoolUnusable(
        new FolderUnusable({ variable: 'STOCKROOM_IMPORT_SPOOL_DIR', path: directory }, error),
      );
    }
  }

  /** **Errors**: `SpoolFull`. */
  async write(chunk: Uint8Array): Promise<void> {
    try {
      // One write may take only a part, on a disk that is just filling up.
      for (let done = 0; done < chunk.length;) {
        done += (await this.file.write(chunk, done)).bytesWritten;
      }
    } catch (error) {
      throw translated(error);
    }
    this.bytes += chunk.length;
  }

  /** Closes the file and hands it over. **Why no fsync**: after a crash nobody reads it again. */
  async finish(): Promise<SpooledFile> {
    try {
      await this.file.close();
    } catch (error) {
      throw translated(error);
    }
    return spooledFile(this.path, this.bytes, () => removeIfThere(this.path));
  }

  /** Closes and removes the file. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await removeIfThere(this.path);
  }
}

/** Wraps a file as a `SpooledFile`. `remove` is called at most once. */
export function spooledFile(path: string, bytes: number, remove: () => Promise<void>): SpooledFile {
  let removed: Promise<void> | undefined;
  const dispose = (): Promise<void> => (removed ??= remove());
  return { path, bytes, dispose, [Symbol.asyncDispose]: dispose };
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function translated(error: unknown): unknown {
  return NO_ROOM.has(codeOf(error)) ? new SpoolFull(error) : error;
}

/** The system's code of an error, such as `ENOENT`. **Shape**: empty when it has none. */
export function codeOf(error: unknown): string {
  // By shape and not by class: an error of Node's own may come from another realm.
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : '';
}
