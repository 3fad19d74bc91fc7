import type { Settings } from '../config/settings.js';
import { FolderUnusable, requireFolder } from '../config/usable-folder.js';

/** A full disk passes by itself or by somebody's doing; the service may well serve reads meanwhile. */
const PASSING = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Makes the folders that a start needs and tries whether they can be written to: the data directory for the embedded database, the
 * spool for a service, which imports files. Nobody should learn only at the first import that its folder was never usable.
 *
 * **Shape**: a full disk is said and does not end the start: uploads are answered 503 until there is room.
 * **Errors**: `FolderUnusable`.
 */
export async function requireFolders(
  { database, dataDir, imports }: Settings,
  { holder, log }: { readonly holder: 'service' | 'command'; readonly log?: (line: string) => void },
): Promise<void> {
  const folders = [
    ...(database.app === null ? [{ variable: 'STOCKROOM_DATA_DIR', path: dataDir }] : []),
    ...(holder === 'service' ? [{ variable: 'STOCKROOM_IMPORT_SPOOL_DIR', path: imports.spoolDir }] : []),
  ];
  for (const folder of folders) {
    try {
      await requireFolder(folder, folder.path === imports.spoolDir ? 0o700 : undefined);
    } catch (error) {
      if (!(error instanceof FolderUnusable) || !PASSING.has(error.code)) throw error;
      log?.(error.message);
    }
  }
}
