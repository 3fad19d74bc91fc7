import type { Client } from 'pg';
import type { ConnectionSettings, Settings } from '../config/settings.js';
import { DatabaseSetupError } from './database.errors.js';
import { runStatement } from './direct-connection.js';
import { backendProcess, statementLimit } from './pooler.queries.js';

/**
 * Whether somebody between here and the server hands out its sessions.
 *
 * A server tells at the beginning which process it is, for a later cancel request. A pooler tells a number of its own, because it has not
 * chosen a session yet. What passes bytes on, such as a TCP proxy, is no pooler.
 */
export async function goesThroughPooler(client: Client): Promise<boolean> {
  const { processID } = client as Client & { readonly processID?: number | null };
  const [row] = await runStatement(client, backendProcess());
  return Number(row?.[0]) !== processID;
}

/** Hosts of poolers by their names, as providers give them: they may pass on the numbers of the server that they would be told by. */
const POOLER_HOST = /-pooler\.|(^|\.)pooler\./i;

/** **Errors**: `DatabaseSetupError` for a connection through a pooler, where there must be none. */
export async function requireDirect(client: Client, connection: ConnectionSettings): Promise<void> {
  const { host, port } = connection;
  const isNamed = POOLER_HOST.test(host);
  if (!isNamed && !(await goesThroughPooler(client))) return;
  const direct = host.replace(/-pooler\./i, '.');
  const hint = direct === host ? '' : ` (${direct}, if the provider names them as usual)`;
  throw new DatabaseSetupError(
    `${host}:${port} is a pooler. Migrations need a session of their own: give DATABASE_MIGRATION_URL a connection to the server itself${hint}.`,
  );
}

/**
 * Looks whether the service knows that it talks through a pooler, and whether somebody keeps the time there.
 *
 * **Shape**: what to warn of, or null. **Errors**: `DatabaseSetupError` for a pooler that was not declared: prepared statements would meet
 * sessions that do not know them, and one user's settings another user.
 */
export async function checkPooler(
  client: Client,
  database: Pick<Settings['database'], 'throughPooler'> & { readonly app: ConnectionSettings },
): Promise<string | null> {
  const { app, throughPooler } = database;
  if (!throughPooler) {
    if (!(await goesThroughPooler(client))) return null;
    throw new DatabaseSetupError(
      `${app.host}:${app.port} is a pooler. Add pgbouncer=true to DATABASE_URL, or set DATABASE_NAMED_STATEMENTS=false.`,
    );
  }
  const [row] = await runStatement(client, statementLimit());
  if (row?.[0] !== '0') return null;
  return `a pooler passes no time limits on: run "alter role ${app.user} set statement_timeout = '10s'", and the same for lock_timeout ('3s') and idle_in_transaction_session_timeout ('10s')`;
}
