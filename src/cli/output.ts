import { ConfigurationError } from '../config/configuration.errors.js';
import { DomainError } from '../common/errors.js';
import { DatabaseSetupError } from '../database/database.errors.js';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres.errors.js';
import { KeyRingError } from '../encryption/encryption.errors.js';

/** What every command takes. */
export interface OutputOptions {
  readonly json?: boolean;
}

/** Prints a result: as one line of JSON for scripts, else as the given lines. */
export function print(options: OutputOptions, value: unknown, lines: readonly string[]): void {
  process.stdout.write(
    options.json === true ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(''),
  );
}

/** What a person reads when a command fails: what they can mend in one line, the stack of what they cannot. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = [ConfigurationError, DatabaseSetupError, EmbeddedPostgresError, KeyRingError];
  if (known.some((type) => error instanceof type)) return error.message;
  if (error instanceof DomainError) {
    const items = error.extra.errors?.map(({ path, message }) => `\n  ${path}: ${message}`) ?? [];
    return `${error.message}${items.join('')}`;
  }
  return error.stack ?? error.message;
}
