import type { Statement } from './statement.js';

/** The cheapest question there is. */
export function ping(): Statement {
  return { name: 'ping', text: 'select 1', values: [] };
}

/** Names of the applied migrations, oldest first. **Errors**: 42P01 while no migration was ever applied. */
export function appliedMigrations(): Statement {
  return { name: 'migrations_applied', text: 'select name from migrations order by id', values: [] };
}
