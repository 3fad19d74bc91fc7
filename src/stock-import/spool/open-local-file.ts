import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ImportFileUnreadable } from './spool.errors.js';
import { codeOf, type SpooledFile, spooledFile } from './spool-file.js';
import { type SpoolOptions, spoolUpload } from './spool-upload.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read by this user',
  EISDIR: 'it is a directory',
};

/**
 * Opens a file named on the command line: a plain file is used where it lies, one that ends in `.gz` is unpacked into the spool.
 * `-` (standard input) and pipes are spooled because they can be read only once, and unpacked if they begin like gzip: they have no
 * name that would say so.
 *
 * **Errors**: `ImportFileUnreadable` and those of `spoolUpload`.
 */
export async function openLocalFile(
  path: string,
  options: Omit<SpoolOptions, 'encoding'> & { readonly stdin?: Readable },
): Promise<SpooledFile> {
  if (path === '-')
    return spoolUpload(options.stdin ?? process.stdin, { ...options, encoding: 'by-content' });
  const regular = await inspect(path);
  const packed = path.toLowerCase().endsWith('.gz');
  if (regular !== undefined && !packed) return spooledFile(path, regular.bytes, () => Promise.resolve());
  const source = createReadStream(path);
  try {
    return await spoolUpload(source, { ...options, encoding: packed ? 'gzip' : 'by-content' });
  } finally {
    source.destroy();
  }
}

/** **Shape**: undefined for a pipe or a device. */
async function inspect(path: string): Promise<{ bytes: number } | undefined> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new ImportFileUnreadable(`${path} cannot be imported: it is a directory.`);
    await access(path, constants.R_OK);
    return stats.isFile() ? { bytes: stats.size } : undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code === '' || error instanceof ImportFileUnreadable) throw error;
    throw new ImportFileUnreadable(
      `${path} cannot be imported: ${REASONS[code] ?? `the system says ${code}`}.`,
      error,
    );
  }
}
