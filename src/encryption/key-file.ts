import { chown, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { KeysFile } from '../config/settings.js';
import { KeyRingError } from './encryption.errors.js';

/** The secrets of a data directory, as far as this file looks at them; the others are written back as they were read. */
const dataDirectory = z.looseObject({ encryptionKeys: z.string() });

/** The text of `ENCRYPTION_KEYS` that a file holds. **Errors**: `KeyRingError` for a file that cannot be read or holds something else. */
export async function readKeysFile(file: KeysFile): Promise<string> {
  const content = await contentOf(file);
  return file.format === 'list' ? content.replace(/\r?\n$/, '') : secretsOf(file, content).encryptionKeys;
}

/**
 * Replaces the keys in a file by others: beside it first, then renamed, so that whoever reads finds the old keys or the new
 * ones, and a power cut leaves one of the two. Owner and mode stay.
 *
 * **Errors**: `KeyRingError` where that is not possible, as on a mounted secret.
 */
export async function writeKeysFile(file: KeysFile, keys: string): Promise<void> {
  const content =
    file.format === 'list'
      ? `${keys}\n`
      : `${JSON.stringify({ ...secretsOf(file, await contentOf(file)), encryptionKeys: keys }, null, 2)}\n`;
  const beside = `${file.path}.${process.pid}`;
  try {
    const { mode, uid, gid } = await stat(file.path);
    const handle = await open(beside, 'wx', mode & 0o777);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chown(beside, uid, gid);
    await rename(beside, file.path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw new KeyRingError(
      `The key file ${file.path} cannot be replaced (${(error as NodeJS.ErrnoException).code}). Change the keys where they come from, in two steps; see docs/encryption.md.`,
    );
  }
}

async function contentOf({ path }: KeysFile): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KeyRingError(`The key file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function secretsOf({ path }: KeysFile, content: string): z.infer<typeof dataDirectory> {
  try {
    return dataDirectory.parse(JSON.parse(content));
  } catch {
    throw new KeyRingError(`The key file ${path} is damaged. Restore it from a backup.`);
  }
}
