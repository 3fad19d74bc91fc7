import { OWNER_ROLE } from './roles.queries.js';

/** A pending migration as it is printed. **Shape**: `locks` as measured; undefined when nobody asked. */
interface ScriptPart {
  readonly name: string;
  readonly transactional: boolean;
  readonly statements: readonly (
    string | { readonly text: string; readonly locks: readonly string[] | null }
  )[];
}

/** The list of applied migrations, as the ORM makes it before the first one. */
export function createMigrationList(): string {
  return `create table migrations (
  id serial primary key,
  name varchar(255) not null,
  executed_at timestamptz(6) not null default current_timestamp(6)
)`;
}

/**
 * Pending migrations as one script for psql: it leaves what `db migrate` leaves, the notes of what is applied included.
 *
 * **Shape**: one transaction for each migration that can run in one; comments alone when nothing is pending.
 * **Why the role**: tables belong to the owner role, or default privileges would pass them over and the service could not read them.
 */
export function migrationScript(pending: readonly ScriptPart[]): string {
  if (pending.length === 0) return '-- nothing pending\n';
  return pending.map(scriptOf).join('\n');
}

function scriptOf({ name, transactional, statements }: ScriptPart): string {
  const lines = statements.map((statement) =>
    typeof statement === 'string'
      ? `${statement};`
      : `-- locks: ${locksText(statement.locks)}\n${statement.text};`,
  );
  const noted = `insert into migrations (name) values ('${name}');`;
  const framed = transactional
    ? ['begin;', `set local role ${OWNER_ROLE};`, ...lines, noted, 'commit;']
    : [`set role ${OWNER_ROLE};`, ...lines, noted, 'reset role;'];
  return [`-- ${name}`, ...framed, ''].join('\n');
}

function locksText(locks: readonly string[] | null): string {
  if (locks === null) return 'not measured, because it cannot run inside a transaction';
  return locks.length === 0 ? 'no further ones on what exists' : locks.join(', ');
}
