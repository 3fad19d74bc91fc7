import type { Client } from 'pg';

/**
 * The two advisory locks of a server, in the database `postgres`, which the application does not use. **Why** the class:
 * "Stoc" in ASCII, apart from any lock that somebody takes by a small number.
 */
const CLASS = 0x53746f63;
const HOLDERS = 1;
const SERVICE = 2;

interface Granted {
  readonly granted: boolean;
}

async function isGranted(client: Client, statement: string, key: number): Promise<boolean> {
  const { rows } = await client.query<Granted>(statement, [CLASS, key]);
  return rows[0]?.granted === true;
}

/** Joins the holders. False when the last one is stopping the server. */
export function tryJoinHolders(client: Client): Promise<boolean> {
  return isGranted(client, 'select pg_try_advisory_lock_shared($1, $2) as granted', HOLDERS);
}

/** Undoes `tryJoinHolders`. */
export function leaveHolders(client: Client): Promise<boolean> {
  return isGranted(client, 'select pg_advisory_unlock_shared($1, $2) as granted', HOLDERS);
}

/** True when nobody holds the server; from then on nobody can join. */
export function tryCloseHolders(client: Client): Promise<boolean> {
  return isGranted(client, 'select pg_try_advisory_lock($1, $2) as granted', HOLDERS);
}

/** Becomes the one service. */
export function tryBecomeService(client: Client): Promise<boolean> {
  return isGranted(client, 'select pg_try_advisory_lock($1, $2) as granted', SERVICE);
}

/** Undoes `tryBecomeService`. */
export function resignService(client: Client): Promise<boolean> {
  return isGranted(client, 'select pg_advisory_unlock($1, $2) as granted', SERVICE);
}

/** The application name on the service's lease. Undefined when there is none just now. */
export async function findServiceName(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ readonly name: string }>(
    `select activity.application_name as name
     from pg_locks as held
     join pg_stat_activity as activity on activity.pid = held.pid
     where held.locktype = 'advisory'
       and held.classid = $1::bigint::oid
       and held.objid = $2::bigint::oid
       and held.objsubid = 2
       and held.granted`,
    [CLASS, SERVICE],
  );
  return rows[0]?.name;
}
