import type { Statement } from './statement.js';

/**
 * Limits of a trial. Whoever needs a table meanwhile waits behind the trial, so it gives up soon: a second for a lock, five for a
 * statement. A migration has ten minutes.
 */
export function measuringLimits(): readonly Statement[] {
  return [
    { name: 'measuring_lock_timeout', text: `set local lock_timeout = '1s'`, values: [] },
    { name: 'measuring_statement_timeout', text: `set local statement_timeout = '5s'`, values: [] },
  ];
}

/** **Shape**: one row for each table, view and sequence that is there: its oid. */
export function existingTables(): Statement {
  return {
    name: 'tables_existing',
    text: `
      select c.oid::int8::text
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm', 'v', 'S', 'f')
        and n.nspname not like 'pg\\_%'
        and n.nspname <> 'information_schema'`,
    values: [],
  };
}

/** **Shape**: one row for each lock that this session holds on one of these: name of the table, mode in the words of the manual. */
export function tableLocks(oids: readonly number[]): Statement {
  return {
    name: 'locks_of_tables',
    text: `
      select l.relation::regclass::text, upper(trim(regexp_replace(replace(l.mode, 'Lock', ''), '([A-Z])', ' \\1', 'g')))
      from pg_locks l
      where l.pid = pg_backend_pid()
        and l.locktype = 'relation'
        and l.granted
        and l.relation = any ($1::int8[])
      order by 1, 2`,
    values: [oids],
  };
}
