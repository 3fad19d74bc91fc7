import { DomainError } from '../common/errors.js';
import { ConfigurationError } from '../config/configuration.errors.js';
import { FolderUnusable } from '../config/usable-folder.js';
import { DatabaseSetupError } from '../database/database.errors.js';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres.errors.js';
import { KeyRingError } from '../encryption/encryption.errors.js';

/** Errors whose message says what is wrong and the mend. */
const MENDABLE = [
  ConfigurationError,
  FolderUnusable,
  DatabaseSetupError,
  EmbeddedPostgresError,
  KeyRingError,
];

/** Why a port cannot be listened on, by the system's code. */
const LISTEN_MENDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another process listens there; set PORT to another one.',
  EADDRNOTAVAIL: 'This machine has no such address; set HOST to one of its own.',
  ENOTFOUND: 'This machine has no such address; set HOST to one of its own.',
  EACCES: 'This user may not listen there; set PORT to one above 1023.',
};

/** Why a file or folder of ours cannot be read or written. Its path, where there is one, stands in the system's message. */
const FILE_MENDS: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space.',
  EDQUOT: 'The quota of the disk is used up: free some space.',
  EROFS: 'The file system is read-only: name another folder with STOCKROOM_DATA_DIR.',
  EACCES: 'Mend its owner and mode, or name another folder with STOCKROOM_DATA_DIR.',
  EPERM: 'Mend its owner and mode, or name another folder with STOCKROOM_DATA_DIR.',
  ENOTDIR:
    'A file lies where a folder should be: move it away, or name another folder with STOCKROOM_DATA_DIR.',
  EISDIR:
    'A folder lies where a file should be: move it away, or name another folder with STOCKROOM_DATA_DIR.',
};

/**
 * What a person reads when a start, a stop or a command fails: the mend where there is one, the stack where there is none.
 *
 * **Shape**: `listening` when it was the address to listen on that was looked up; a command never looks up that one.
 */
export function failureText(error: unknown, { listening = false } = {}): string {
  if (!(error instanceof Error)) return String(error);
  if (MENDABLE.some((type) => error instanceof type)) return error.message;
  if (error instanceof DomainError) return domainText(error);
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  const isAddress = syscall === 'listen' || (listening && syscall === 'getaddrinfo');
  const mend = isAddress ? LISTEN_MENDS[code] : FILE_MENDS[code];
  return mend === undefined ? (error.stack ?? error.message) : `${error.message}. ${mend}`;
}

function domainText(error: DomainError): string {
  // What a stranger may not read of the service's folders, whoever runs a command must.
  if (error.cause instanceof FolderUnusable) return error.cause.message;
  const items = error.extra.errors?.map(({ path, message }) => `\n  ${path}: ${message}`) ?? [];
  return `${error.message}${items.join('')}`;
}
