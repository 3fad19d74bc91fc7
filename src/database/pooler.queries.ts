import type { Statement } from './statement.js';

/** **Shape**: one row: the process of the server that runs this very statement. */
export function backendProcess(): Statement {
  return { name: 'backend_process', text: 'select pg_backend_pid()', values: [] };
}

/** **Shape**: one row: how long a statement may run, as the server's settings say for this user; `0` is without end. */
export function statementLimit(): Statement {
  return { name: 'statement_limit', text: `select current_setting('statement_timeout')`, values: [] };
}
