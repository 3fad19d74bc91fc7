import { DomainError } from '../common/errors.js';
import { ConfigurationError } from '../config/configuration.errors.js';
import { DatabaseSetupError } from '../database/database.errors.js';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres.errors.js';
import { KeyRingError } from '../encryption/encryption.errors.js';

/** Errors whose message says what is wrong and the mend. */
const MENDABLE = [ConfigurationError, DatabaseSetupError, EmbeddedPostgresError, KeyRingError];

/** Why a port cannot be listened on, by the system's code. */
const LISTEN_MENDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another process listens there; set PORT to another one.',
  EADDRNOTAVAIL: 'This machine has no such address; set HOST to one of its own.',
  ENOTFOUND: 'This machine has no such address; set HOST to one of its own.',
};

/** What a person reads when a start, a stop or a command fails: the mend where there is one, the stack where there is none. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (MENDABLE.some((type) => error instanceof type)) return error.message;
  if (error instanceof DomainError) {
    const items = error.extra.errors?.map(({ path, message }) => `\n  ${path}: ${message}`) ?? [];
    return `${error.message}${items.join('')}`;
  }
  const mend = LISTEN_MENDS[(error as NodeJS.ErrnoException).code ?? ''];
  return mend === undefined ? (error.stack ?? error.message) : `${error.message}. ${mend}`;
}
