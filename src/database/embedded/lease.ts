import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { SUPERUSER } from './cluster.js';
import { DataDirectoryInUse, EmbeddedPostgresError, hasCode, messageOf } from './embedded-postgres.errors.js';
import * as queries from './lease.queries.js';
import { isAlive } from './postmaster-pid.js';

/** `service`: one per data directory. `command`: any number, beside a service or without one. */
export type Holder = 'service' | 'command';

const APPLICATION_NAME = 'stockroom lease';

/** How long the lock of a service that just died may outlive it: its backend has to notice. Measured: a few ms. */
const DEAD_SERVICE_GRACE_MS = 5_000;

export interface ConnectOptions {
  readonly socketFolder: string;
  readonly port: number;
  readonly password: string;
  readonly holder: Holder;
}

/** `busy`: a server is there but lets nobody in (starting, stopping, recovering). `absent`: nobody listens. */
export type Connection = Client | 'busy' | 'absent';

/** 57P01-03: shutting down, crashed, starting up. 53300: all connections taken. */
const BUSY = ['57P01', '57P02', '57P03', '53300', 'ECONNRESET', 'EPIPE', 'EAGAIN'];

/**
 * Whether the error means that the connection ended, or that the server lets nobody in just now.
 *
 * **Why** messages too: the driver gives its own errors no code, and for a moment after a connection broke it refuses
 * queries ("not queryable") before it tells anybody that the connection ended.
 */
export function isServerGoing(error: unknown): boolean {
  return (
    hasCode(error, ...BUSY) || /timeout expired|Connection terminated|not queryable/.test(messageOf(error))
  );
}

/**
 * Opens a connection for a lease.
 *
 * **Errors**: EmbeddedPostgresError when the server refuses the password; other errors as the driver has them.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const client = new Client({
    host: options.socketFolder,
    port: options.port,
    user: SUPERUSER,
    password: options.password,
    database: 'postgres',
    ssl: false,
    // The process id lets a second service name the first one.
    application_name: `${APPLICATION_NAME} (${options.holder}, process ${process.pid})`,
    // A lease is idle by nature. Given here also because the driver would otherwise take PGOPTIONS of the shell.
    options: '-c idle_session_timeout=0',
    connectionTimeoutMillis: 5_000,
  });
  // Without a listener the end of the server would end this process; `Lease.lost` is where it is acted upon.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end().catch(() => undefined);
    if (hasCode(error, 'ENOENT', 'ECONNREFUSED')) return 'absent';
    if (isServerGoing(error)) return 'busy';
    if (hasCode(error, '28P01', '28000')) {
      throw new EmbeddedPostgresError(
        `The server at ${options.socketFolder} refuses the superuser's password: the secrets kept in the data directory ` +
          'are not those its database was made with. Put the right ones back, or move the database away.',
        { cause: error },
      );
    }
    throw error;
  }
}

export interface TakeLeaseOptions {
  readonly client: Client;
  readonly holder: Holder;
  readonly dataDir: string;
}

async function becomeService(client: Client, dataDir: string): Promise<void> {
  const deadline = Date.now() + DEAD_SERVICE_GRACE_MS;
  while (!(await queries.tryBecomeService(client))) {
    const pid = /process (\d+)/.exec((await queries.findServiceName(client)) ?? '')?.[1];
    const alive = pid !== undefined && (await isAlive(Number(pid)));
    if (alive || Date.now() > deadline) {
      throw new DataDirectoryInUse(dataDir, pid === undefined ? undefined : Number(pid));
    }
    await sleep(20);
  }
}

/** The driver's client has both; its published types do not say so. */
function referable(client: Client): { ref(): void; unref(): void } {
  return client as unknown as { ref(): void; unref(): void };
}

/**
 * A share in the running server. It consists of advisory locks of one connection, so it ends with the process however
 * that ends; a counter or a file would have to be mended after a `kill -9`.
 *
 * The rule: the last holder stops the server.
 * - Joining takes the lock HOLDERS shared, by trying. It fails only while somebody has it exclusively, who is then stopping
 *   the server; the newcomer disconnects, waits for its end and starts it anew.
 * - Leaving gives the shared lock up *first* and then tries for it exclusively. Two who leave at once and try before they
 *   give up would each be hindered by the other, and the server would be left to nobody. In this order whoever gives up
 *   last meets no shared lock: he gets it exclusively, or the other leaver has it. Either way one of them stops the server.
 * - A newcomer may join between the two steps. Then the leaver does not get the lock, and the server stays.
 * - A service takes the lock SERVICE *before* it joins: one that is refused has then never been a holder, so it cannot be
 *   the one that hinders the last leaver and walks away itself.
 * - Whoever is killed stops nothing: the server stays without a holder until the next start adopts it.
 */
export class Lease {
  /** Fulfilled when the connection ends, for whatever reason. */
  readonly lost: Promise<void>;
  private ended = false;

  private constructor(
    private readonly client: Client,
    private readonly holder: Holder,
  ) {
    this.lost = new Promise((fulfil) => {
      client.once('end', () => {
        this.ended = true;
        fulfil();
      });
    });
  }

  /**
   * Undefined when the server is being stopped, by its last holder or otherwise. The connection is closed unless a lease comes back.
   *
   * **Errors**: DataDirectoryInUse when another service holds the server.
   */
  static async take({ client, holder, dataDir }: TakeLeaseOptions): Promise<Lease | undefined> {
    const lease = new Lease(client, holder);
    try {
      if (holder === 'service') await becomeService(client, dataDir);
      if (await queries.tryJoinHolders(client)) return lease;
    } catch (error) {
      await lease.end();
      if (isServerGoing(error)) return undefined;
      throw error;
    }
    await lease.end();
    return undefined;
  }

  /** The connection alone does not keep the process alive any more. */
  unref(): void {
    referable(this.client).unref();
  }

  get isLost(): boolean {
    return this.ended;
  }

  /** True when this was the last holder: the caller must stop the server, while nobody can join, and then call `end`. */
  async leave(): Promise<boolean> {
    referable(this.client).ref();
    if (this.holder === 'service') await queries.resignService(this.client);
    await queries.leaveHolders(this.client);
    return queries.tryCloseHolders(this.client);
  }

  async end(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}
