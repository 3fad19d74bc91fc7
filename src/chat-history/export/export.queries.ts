import type { Statement } from '../../database/statement.js';

/** Makes the whole export see one moment. Must come first in its transaction. */
export function oneMoment(): Statement {
  return {
    name: 'export_one_moment',
    text: 'set transaction isolation level repeatable read, read only',
    values: [],
    prepared: false,
  };
}

/** **Shape**: one row: the moment, as answers hold instants, and the newest revision it sees. */
export function momentOfExport(): Statement {
  return {
    name: 'export_moment',
    text: `
      select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), coalesce(max(id), 0)::float8
      from revisions`,
    values: [],
  };
}
