import { OWNER_ROLE } from './roles.queries.js';

/**
 * Pending migrations as one script for psql: it leaves what `db migrate` leaves, the notes of what is applied included.
 *
 * **Shape**: one transaction for each migration; comments alone when nothing is pending.
 * **Why the role**: tables belong to the owner role, or default privileges would pass them over and the service could not read them.
 */
export function migrationScript(
  pending: readonly { readonly name: string; readonly statements: readonly string[] }[],
): string {
  if (pending.length === 0) return '-- nothing pending\n';
  const parts = pending.map(({ name, statements }) =>
    [
      `-- ${name}`,
      'begin;',
      `set local role ${OWNER_ROLE};`,
      ...statements.map((statement) => `${statement};`),
      `insert into migrations (name) values ('${name}');`,
      'commit;',
      '',
    ].join('\n'),
  );
  return parts.join('\n');
}
