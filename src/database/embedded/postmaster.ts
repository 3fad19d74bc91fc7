import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { SOCKET_PORT, type ClusterPlace } from './cluster-place.js';
import { EmbeddedPostgresError, explainFailure, hasCode, lastLines } from './embedded-postgres.errors.js';
import { connect, type Connection, type Holder } from './lease.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { assertServes, isAlive, isPostgres, readPostmasterPid } from './postmaster-pid.js';
import { programOptions } from './run-program.js';
import { openServerLog, readServerLog } from './server-log.js';
import { serverArguments } from './server-settings.js';

/** All that is needed to reach a cluster's server, or to start it. */
export interface ServerSpec {
  readonly place: ClusterPlace;
  readonly binaries: PostgresBinaries;
  /** Where a server that we start makes its socket. */
  readonly socketFolder: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly password: string;
  readonly holder: Holder;
  readonly log: (line: string) => void;
}

/** A connection, and the socket it goes through. */
export interface Reached {
  readonly client: Client;
  readonly socketFolder: string;
  readonly port: number;
}

type Reach = Reached | Exclude<Connection, Client>;

async function connectAt(spec: ServerSpec, socketFolder: string, port: number): Promise<Reach> {
  const connection = await connect({ socketFolder, port, password: spec.password, holder: spec.holder });
  return typeof connection === 'string' ? connection : { client: connection, socketFolder, port };
}

/**
 * Connects to the running server, wherever whoever started it put its socket. Starts nothing.
 *
 * **Why** the socket is tried without a look at the process id: a server in another container that shares this folder has
 * an id that means nothing here, and to start a second server on its data would destroy them.
 */
export async function reachServer(spec: ServerSpec): Promise<Reach> {
  const { location } = spec.place;
  const found = await readPostmasterPid(location);
  if (!found) return 'absent';
  const reach = await connectAt(spec, found.socketFolder, found.port);
  if (typeof reach === 'string') return reach;
  await assertServes(found, location).catch(async (error: unknown) => {
    await reach.client.end();
    throw error;
  });
  return reach;
}

/**
 * A server that will not start *yet*: another one is starting or stopping there, or was killed and its backends are still
 * ending. PostgreSQL itself decides, by postmaster.pid and the shared memory named in it. Both heal by themselves, within
 * seconds. Deleting the file would let two servers write to the same data.
 */
const HELD =
  /lock file ".*" already exists|lock file ".*" is empty|pre-existing shared memory block|could not lock file/;

function spawnServer(
  spec: ServerSpec,
  descriptor: number,
): { readonly child: ChildProcess; ended(): string | undefined } {
  const { binaries, place, socketFolder, settings } = spec;
  const child = spawn(binaries.postgres, serverArguments(place.location, socketFolder, settings), {
    ...programOptions(place.account),
    // A process group of its own: Ctrl-C in the terminal reaches the service, which drains before it stops the server.
    detached: true,
    stdio: ['ignore', descriptor, descriptor],
  });
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once(
    'exit',
    (code, signal) => (ended = signal === null ? `exit status ${code}` : `signal ${signal}`),
  );
  child.unref();
  return { child, ended: () => ended };
}

/** What PostgreSQL said when it would not start yet. */
interface Held {
  readonly held: string;
}

async function startServer(spec: ServerSpec, signal: AbortSignal): Promise<Reach | Held> {
  const log = await openServerLog(spec.place.dataDir);
  let server: ReturnType<typeof spawnServer>;
  try {
    server = spawnServer(spec, log.handle.fd);
  } finally {
    await log.handle.close();
  }
  for (;;) {
    const ended = server.ended();
    const reach = await connectAt(spec, spec.socketFolder, SOCKET_PORT).catch((error: unknown) => {
      // It would run on without anybody who could log in to stop it.
      server.child.kill('SIGINT');
      throw error;
    });
    if (reach !== 'absent') return reach;
    if (ended !== undefined) {
      const output = await readServerLog(log);
      if (HELD.test(output)) return { held: lastLines(output) };
      throw explainFailure(`The PostgreSQL server did not start (${ended}); its log is ${log.path}.`, output);
    }
    await sleep(15, undefined, { signal });
  }
}

/** Replaying the log after a crash takes its time, minutes at the worst, and cutting it short would only begin it anew. */
const BUSY_LIMIT_MS = 15 * 60_000;
/** Backends of a killed server end within seconds, unless one is deep in a long computation. */
const HELD_LIMIT_MS = 60_000;

/** No waiting helps against a process that is no server but was given its id, as happens after a reboot. */
const FOREIGN_LIMIT_MS = 3_000;

async function heldLimit(location: string): Promise<number> {
  const found = await readPostmasterPid(location);
  const foreign = found && (await isAlive(found.pid)) && !(await isPostgres(found.pid));
  return foreign ? FOREIGN_LIMIT_MS : HELD_LIMIT_MS;
}

async function describeHold(spec: ServerSpec): Promise<string> {
  const found = await readPostmasterPid(spec.place.location);
  if (!found) return 'Its lock file cannot be read.';
  if (await isAlive(found.pid)) {
    return (
      `Process ${found.pid} counts as its server, but does not answer at ${found.socketFolder}. If that process is no ` +
      `PostgreSQL server (process ids are given anew after a reboot), remove ${spec.place.location}/postmaster.pid.`
    );
  }
  return `Its server (process ${found.pid}) is dead, but processes of it still run: end them.`;
}

/**
 * Connects to the server, adopting a running one and starting one where there is none.
 *
 * **Errors**: EmbeddedPostgresError when it cannot start, or does not become ready in time; `signal`'s reason.
 */
export async function reachOrStartServer(spec: ServerSpec, signal: AbortSignal): Promise<Reached> {
  const began = Date.now();
  let told = began;
  let ours = false;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 500)) {
    signal.throwIfAborted();
    const running = await reachServer(spec).catch(async (error: unknown) => {
      // A server that we started and that does not let us in must not stay behind.
      if (ours) await stopServer(spec.place.location, spec.log);
      throw error;
    });
    ours ||= running === 'absent';
    const state = running === 'absent' ? await startServer(spec, signal) : running;
    if (typeof state === 'object' && 'client' in state) return state;

    const waited = Date.now() - began;
    if (typeof state === 'object' && waited > (await heldLimit(spec.place.location))) {
      throw new EmbeddedPostgresError(
        `The database in ${spec.place.location} is held. ${await describeHold(spec)}\n${state.held}`,
      );
    }
    if (waited > BUSY_LIMIT_MS) {
      throw new EmbeddedPostgresError(
        `The server of ${spec.place.location} let nobody in for ${Math.round(waited / 1000)} s; see ${spec.place.dataDir}/postgres.log.`,
      );
    }
    if (Date.now() - told > 5_000) {
      told = Date.now();
      const why =
        typeof state === 'object' ? 'processes of the former one still end' : 'it is starting or stopping';
      spec.log(`Waiting for the database server: ${why}.`);
    }
    await sleep(pause, undefined, { signal });
  }
}

/** Waits until the server of `location` is gone. **Shape**: false when it was not within `limitMs`. */
export async function waitForEnd(location: string, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  const first = await readPostmasterPid(location);
  for (;;) {
    const now = await readPostmasterPid(location);
    // The server removes the file as the last thing it does; one that crashes leaves it.
    if (!now || now.pid !== first?.pid || !(await isAlive(now.pid))) return true;
    if (Date.now() > deadline) return false;
    await sleep(15);
  }
}

/** A checkpoint of everything in memory comes first, so a slow disk may need its time. */
const STOP_LIMIT_MS = 60_000;

/**
 * Stops the server in its fast way: transactions are rolled back, memory is written out, no recovery at the next start.
 *
 * **Why** never harder than that: a server that is still writing after a minute ends by itself, and the next start waits.
 */
export async function stopServer(location: string, log: (line: string) => void): Promise<void> {
  const found = await readPostmasterPid(location);
  if (!found || !(await isPostgres(found.pid))) return;
  try {
    process.kill(found.pid, 'SIGINT');
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return;
    throw error;
  }
  if (await waitForEnd(location, STOP_LIMIT_MS)) return;
  log(`The database server (process ${found.pid}) is still writing; it ends by itself.`);
}
