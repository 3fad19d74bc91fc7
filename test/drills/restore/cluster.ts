import { chmod, chown, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import type { ServerAccount } from '../../../src/database/embedded/server-account.js';
import { must, POSTGRES_BIN, run, type ProgramResult } from './programs.js';

/** The folder that everything of a drill lies in, and what holds for all of it. */
export interface Place {
  readonly folder: string;
  readonly account: ServerAccount | null;
  /** Settings of every server that go before those of `deploy/backup/postgresql.conf`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Every cluster that was prepared here, for the end. */
  readonly clusters: Cluster[];
}

const PORT = 5432;

/** Makes a folder that the servers' user owns. */
export async function ownFolder(place: Place, name: string): Promise<string> {
  const path = join(place.folder, name);
  await mkdir(path, { mode: 0o700 });
  if (place.account !== null) await chown(path, place.account.uid, place.account.gid);
  return path;
}

/**
 * One PostgreSQL cluster of the drill, with the configuration that `deploy/backup` ships. The paths that are otherwise here come by
 * the environment, as they do in a container.
 */
export class Cluster {
  private constructor(
    readonly place: Place,
    readonly name: string,
    readonly data: string,
    readonly socket: string,
    readonly repository: string,
  ) {}

  /** A place for a cluster: folders, and nothing in them. `repository` is another's folder, or its own. */
  static async prepare(place: Place, name: string, repository?: string): Promise<Cluster> {
    const socket = await ownFolder(place, `${name}-socket`);
    // The service, which may be another user, enters the folder of the socket.
    await chmod(socket, 0o755);
    const data = await ownFolder(place, `${name}-data`);
    const own = repository ?? (await ownFolder(place, `${name}-repository`));
    const cluster = new Cluster(place, name, data, socket, own);
    place.clusters.push(cluster);
    return cluster;
  }

  /** What programs of PostgreSQL and pgBackRest are told. */
  get env(): NodeJS.ProcessEnv {
    return {
      PATH: `${POSTGRES_BIN}:${process.env.PATH}`,
      PGHOST: this.socket,
      PGPORT: String(PORT),
      PGUSER: 'postgres',
      PGBACKREST_CONFIG: join(this.place.folder, 'deploy/pgbackrest.conf'),
      PGBACKREST_CONFIG_INCLUDE_PATH: join(this.place.folder, 'conf.d'),
      PGBACKREST_PG1_PATH: this.data,
      PGBACKREST_PG1_SOCKET_PATH: this.socket,
      PGBACKREST_REPO1_PATH: this.repository,
      PGBACKREST_LOCK_PATH: join(this.place.folder, 'lock', this.name),
      DUMP_DIR: join(this.place.folder, 'dumps'),
    };
  }

  /** Runs a program as the servers' user. */
  async run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ProgramResult> {
    return run(file, args, { account: this.place.account, env: { ...this.env, ...env } });
  }

  /** The same; it must end with 0. */
  async must(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    return must(file, args, { account: this.place.account, env: { ...this.env, ...env } });
  }

  /** A script of `deploy/backup`. */
  async script(name: string, ...args: readonly string[]): Promise<ProgramResult> {
    return this.run(join(this.place.folder, 'deploy', name), args);
  }

  async init(): Promise<void> {
    const options = ['-U', 'postgres', '-A', 'trust', '--locale', 'C.UTF-8', '--data-checksums'];
    await this.must(join(POSTGRES_BIN, 'initdb'), ['-D', this.data, ...options]);
    const path = join(this.data, 'postgresql.conf');
    const include = `include '${join(this.place.folder, 'deploy/postgresql.conf')}'\n`;
    await writeFile(path, (await readFile(path, 'utf8')) + include);
  }

  /** Starts the server. **Shape**: whether it opened; `log` is what it said, `output` what `pg_ctl` did. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<{ ok: boolean; log: string }> {
    const settings = { ...this.place.settings, ...more };
    const options = Object.entries({
      listen_addresses: '',
      unix_socket_directories: this.socket,
      port: String(PORT),
      shared_buffers: '256MB',
      ...settings,
    }).map(([name, value]) => `-c ${name}='${value}'`);
    const log = join(this.data, 'server.log');
    await rm(log, { force: true });
    const args = ['-D', this.data, '-w', '-t', '900', '-l', log, '-o', options.join(' '), 'start'];
    const { status } = await this.run(join(POSTGRES_BIN, 'pg_ctl'), args);
    const ok = status === 0 && (await this.isOpen());
    return { ok, log: await readFile(log, 'utf8').catch(() => '') };
  }

  /** A server in recovery answers before it has arrived; only then does it take writes, and may still give up. */
  private async isOpen(): Promise<boolean> {
    for (;;) {
      try {
        const [row] = await this.query<{ waits: boolean }>(
          'select pg_is_in_recovery() as waits',
          [],
          'postgres',
        );
        if (row?.waits === false) return true;
      } catch {
        const { status } = await this.run(join(POSTGRES_BIN, 'pg_ctl'), ['-D', this.data, 'status']);
        if (status !== 0) return false;
      }
      await sleep(50);
    }
  }

  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.run(join(POSTGRES_BIN, 'pg_ctl'), ['-D', this.data, '-w', '-t', '120', '-m', mode, 'stop']);
  }

  /** What a burnt machine leaves: no server, no files. Not those of the socket either: a killed server may still have its number for a while. */
  async destroy(): Promise<void> {
    const [pid] = (await readFile(join(this.data, 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    for (const name of await readdir(this.socket)) await rm(join(this.socket, name), { force: true });
    await rm(this.data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    await ownFolder(this.place, `${this.name}-data`);
  }

  /** Rows of a statement as the superuser, from whom no row is hidden. */
  async query<R extends object>(text: string, values: unknown[] = [], database = 'stockroom'): Promise<R[]> {
    return withConnection(
      this.connection('postgres', database),
      async (client) => (await client.query<R>(text, values)).rows,
    );
  }

  connection(user: string, database = 'stockroom'): ConnectionSettings {
    return { host: this.socket, port: PORT, user, password: 'any', database, ssl: false };
  }

  /** The connection as a URL for the service. */
  url(user: string, database = 'stockroom'): string {
    return `postgres://${user}:any@/${database}?${new URLSearchParams({ host: this.socket, port: String(PORT) }).toString()}`;
  }

  async remove(): Promise<void> {
    await this.stop('immediate');
    for (const path of [this.data, this.socket]) await rm(path, { recursive: true, force: true });
  }
}

/** Copies what ships to where the servers' user may read it. */
export async function copyShipped(place: Place, root: string): Promise<void> {
  await cp(join(root, 'deploy/backup'), join(place.folder, 'deploy'), { recursive: true });
  await must('chmod', ['-R', 'a+rX', join(place.folder, 'deploy')]);
  for (const name of ['lock', 'dumps', 'conf.d']) await ownFolder(place, name);
}
