import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { ConnectionSettings } from '../config/settings.js';
import { cancelStatements } from './busy-clients.queries.js';
import { runStatement, withConnection } from './direct-connection.js';

/** How long a cancelled statement has to say that it failed. The server ends one within milliseconds, unless it waits for us. */
const CANCEL_MS = 500;

/** What the driver's client has and its types do not tell. */
type SessionClient = PoolClient & {
  readonly processID?: number | null;
  readonly connection?: { readonly stream: { destroy(): void } };
};

/** The clients of a pool that are lent just now. */
export class BusyClients {
  private readonly clients = new Set<SessionClient>();

  constructor(pool: Pool) {
    pool.on('acquire', (client) => this.clients.add(client));
    pool.on('release', (_error, client) => this.clients.delete(client));
    pool.on('remove', (client) => this.clients.delete(client));
  }

  /**
   * Cancels what they run, and cuts off who does not end by that: a `COPY` that waits for us hears no cancel, and the server itself
   * notices only between statements that nobody listens any more.
   *
   * **Shape**: `direct` is the way past any pooler, whose numbers of sessions are not the server's; null when there is none, and then
   * they are cut off at once.
   */
  async end(direct: ConnectionSettings | null): Promise<void> {
    const ids = [...this.clients].map(({ processID }) => processID).filter((id) => typeof id === 'number');
    if (direct !== null && ids.length > 0) {
      await withConnection(direct, (client) => runStatement(client, cancelStatements(ids))).catch(
        () => undefined,
      );
      await sleep(CANCEL_MS);
    }
    for (const client of this.clients) client.connection?.stream.destroy();
  }
}
