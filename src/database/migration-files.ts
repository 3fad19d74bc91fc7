import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSetupError } from './database.errors.js';

/** Where the migrations lie: beside this file's root, compiled or not. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../migrations', import.meta.url));

const FILE_ENDING = /\.(?:ts|js)$/;
const MIGRATION_FILE = /^(\d{3})_[a-z0-9_]+\.(?:ts|js)$/;

/**
 * The name of a new migration file, `NNN_description`, for the ORM's `migration:create --name=description`.
 *
 * **Errors**: refuses a missing or unreadable description, so that no migration is named by a time.
 */
export function migrationFileName(_timestamp: string, name?: string): string {
  if (name === undefined || !/^[a-z0-9]+(?:[-_ ][a-z0-9]+)*$/i.test(name)) {
    throw new Error('A migration needs a description: mikro-orm migration:create --name=add_something');
  }
  const next = String(migrationNames().length + 1).padStart(3, '0');
  return `${next}_${name.toLowerCase().replaceAll(/[- ]/g, '_')}`;
}

/** Names of all migrations that this build knows, in order, without their file ending. */
export function migrationNames(): readonly string[] {
  return readdirSync(MIGRATIONS_DIRECTORY)
    .filter((file) => MIGRATION_FILE.test(file))
    .map((file) => file.replace(FILE_ENDING, ''))
    .sort();
}

/** The file of a migration. **Errors**: `DatabaseSetupError` for one that this build does not know. */
export function migrationFile(name: string): string {
  const file = readdirSync(MIGRATIONS_DIRECTORY).find(
    (candidate) => MIGRATION_FILE.test(candidate) && candidate.replace(FILE_ENDING, '') === name,
  );
  if (file === undefined) {
    throw new DatabaseSetupError(`The database is newer than this build: it was migrated to ${name}.`);
  }
  return join(MIGRATIONS_DIRECTORY, file);
}

/** Those among applied migrations that this build does not know, because they came later. */
export function unknownMigrations(applied: readonly string[]): readonly string[] {
  const known = new Set(migrationNames());
  return applied.filter((name) => !known.has(name));
}

/** The number that a migration's name begins with. */
export function migrationNumber(name: string): number {
  return Number.parseInt(name, 10);
}
