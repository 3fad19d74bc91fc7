import type { Statement } from './statement.js';

/** Cancels what these sessions run; does nothing to one that is gone or somebody else's. **Shape**: one row for each that was told. */
export function cancelStatements(processIds: readonly number[]): Statement {
  return {
    name: 'statements_cancel',
    text: `
      select pg_cancel_backend(a.pid)
      from pg_stat_activity a
      where a.pid = any ($1::int[])
        and a.usename = current_user
        and a.datname = current_database()`,
    values: [processIds],
  };
}
