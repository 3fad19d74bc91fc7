import { setTimeout as sleep } from 'node:timers/promises';
import { choosePlace, makeSocketFolder, prepareDataDir } from './cluster-place.js';
import { createCluster, SUPERUSER } from './cluster.js';
import { DataDirectoryInUse, messageOf, type EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { isServerGoing, Lease, type Holder } from './lease.js';
import { findBinaries } from './postgres-binaries.js';
import {
  reachOrStartServer,
  reachServer,
  stopServer,
  waitForEnd,
  type Reached,
  type ServerSpec,
} from './postmaster.js';
import { chooseServerAccount } from './server-account.js';
import { statisticsSettings } from './statement-statistics.js';

export interface EmbeddedPostgresOptions {
  /** Absolute. The cluster lies below it, in a folder named for the major version. */
  readonly dataDir: string;
  /** Made and kept by the caller; the same at every start. */
  readonly superuserPassword: string;
  /** `service` is exclusive per data directory; any number of commands may run beside it. */
  readonly holder: Holder;
  /** The folder of other binaries than the installed package's, e.g. `/usr/lib/postgresql/15/bin`. */
  readonly binDir?: string;
  /** Server settings above our own. They hold if this start is the one that starts the server. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
  /** Called when another service took the data directory while our server was down. This process must end. */
  readonly onLost?: (error: EmbeddedPostgresError) => void;
}

export interface ServerAddress {
  /** The folder of the server's Unix socket, which the driver accepts in the place of a host. */
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
}

const noop = (): void => undefined;

async function prepare(options: EmbeddedPostgresOptions): Promise<ServerSpec> {
  const { dataDir, binDir, superuserPassword, log = noop } = options;
  const account = await chooseServerAccount();
  await prepareDataDir(dataDir, account);
  const binaries = await findBinaries({ binDir, dataDir, account, log });
  const place = await choosePlace({ dataDir, major: binaries.major, account, log });
  await createCluster({ place, binaries, superuserPassword, log });
  const socketFolder = await makeSocketFolder(place);
  const { holder } = options;
  const settings = { ...(await statisticsSettings(binaries.postgres)), ...options.settings };
  return { place, binaries, socketFolder, settings, password: superuserPassword, holder, log };
}

/** A connection with a lease on it: waits out a server that its last holder is stopping, and starts it anew. */
async function hold(
  spec: ServerSpec,
  signal: AbortSignal,
): Promise<{ readonly reached: Reached; readonly lease: Lease }> {
  for (;;) {
    const reached = await reachOrStartServer(spec, signal);
    const lease = await Lease.take({
      client: reached.client,
      holder: spec.holder,
      dataDir: spec.place.dataDir,
    });
    if (lease) return { reached, lease };
    await waitForEnd(spec.place.location, 1_000);
  }
}

/**
 * A PostgreSQL server of our own, in a data directory, shared by the service and the commands beside it.
 *
 * It is not a child that lives and dies with us: it survives a `kill -9` of this process and is adopted by the next one,
 * and the last holder that closes stops it (see Lease). If it dies while we hold it, it is started again and the lease
 * taken anew; connections of the application break meanwhile, and their pool makes new ones at the same address.
 */
export class EmbeddedPostgres {
  readonly address: ServerAddress;
  /** Where the cluster really lies, which may be outside the data directory. */
  readonly location: string;
  private readonly closing = new AbortController();
  private recovery: Promise<void> = Promise.resolve();
  private closed: Promise<void> | undefined;

  private constructor(
    private readonly spec: ServerSpec,
    private lease: Lease,
    port: number,
    private readonly onLost: (error: EmbeddedPostgresError) => void,
  ) {
    this.address = { host: spec.socketFolder, port, superuser: SUPERUSER };
    this.location = spec.place.location;
    this.watch();
  }

  /**
   * Creates the cluster if there is none, starts its server or adopts the running one, and takes a lease on it.
   *
   * **Errors**: DataDirectoryInUse when `holder` is `service` and there is one already; EmbeddedPostgresError with what
   * is wrong and what mends it.
   */
  static async open(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const spec = await prepare(options);
    const { reached, lease } = await hold(spec, new AbortController().signal);
    // Whoever started the server chose its socket; a server of ours, should this one die, makes its own at the same place.
    const { socketFolder, port } = reached;
    return new EmbeddedPostgres({ ...spec, socketFolder }, lease, port, options.onLost ?? noop);
  }

  /** Gives the lease up; the last holder stops the server and waits for its end. Calling it again changes nothing. */
  close(): Promise<void> {
    this.closed ??= this.release();
    return this.closed;
  }

  /** Lets the process end by itself although the lease is held; {@link close} belongs in its `beforeExit`. */
  unref(): void {
    this.lease.unref();
  }

  private watch(): void {
    void this.lease.lost.then(() => {
      if (!this.closing.signal.aborted) this.recovery = this.recover();
    });
  }

  private async recover(): Promise<void> {
    const { log } = this.spec;
    log('The connection to the database server is lost; bringing it back.');
    for (let pause = 100; !this.closing.signal.aborted; pause = Math.min(pause * 2, 10_000)) {
      try {
        ({ lease: this.lease } = await hold(this.spec, this.closing.signal));
        log('The database server is back.');
        this.watch();
        return;
      } catch (error) {
        if (this.closing.signal.aborted) return;
        log(`The database server does not come back: ${messageOf(error)}`);
        if (error instanceof DataDirectoryInUse) return this.onLost(error);
        await sleep(pause, undefined, { signal: this.closing.signal }).catch(noop);
      }
    }
  }

  private async release(): Promise<void> {
    this.closing.abort();
    await this.recovery;
    const left = !this.lease.isLost && (await this.leave(this.lease));
    const rejoined = left ? undefined : await this.rejoin();
    if (rejoined) await this.leave(rejoined);
  }

  /** False when the server went away under our hands, and with it the lease. */
  private async leave(lease: Lease): Promise<boolean> {
    try {
      if (await lease.leave()) await stopServer(this.location, this.spec.log);
      return true;
    } catch (error) {
      if (isServerGoing(error)) return false;
      throw error;
    } finally {
      await lease.end();
    }
  }

  /** For a close while the lease is lost: a server that lives, perhaps restarted by another holder, still has a last one. */
  private async rejoin(): Promise<Lease | undefined> {
    const reach = await reachServer(this.spec).catch(() => 'absent' as const);
    if (typeof reach === 'string') return undefined;
    return Lease.take({ client: reach.client, holder: 'command', dataDir: this.spec.place.dataDir });
  }
}
