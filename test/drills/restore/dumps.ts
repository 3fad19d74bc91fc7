import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withConnection } from '../../../src/database/direct-connection.js';
import { EmbeddedPostgres } from '../../../src/database/embedded/embedded-postgres.js';
import { generateSecret } from '../../../src/encryption/secrets.js';
import type { Cluster } from './cluster.js';
import type { Comparison, Ledger } from './ledger.js';
import { must, POSTGRES_BIN } from './programs.js';
import { storedRows, type Before } from './stored-rows.js';
import { makeLogins, mustStockroom, stockroom, type Store } from './store.js';

/** What the dump came to. **Shape**: `complete` is whether dumps without the right to see all rows were told from it. */
export interface DumpReport {
  readonly bytesPerSecond: number;
  readonly dumpMs: number;
  readonly control: string;
  readonly isRefusedWithout: boolean;
  readonly restoreMs: number;
  readonly comparison: Comparison;
  readonly sound: boolean;
  readonly serverVersion: string;
}

/** A finished dump. */
export interface Dump {
  readonly path: string;
  readonly ms: number;
  readonly control: string;
  readonly isRefusedWithout: boolean;
}

/** Dumps as the script does every day, beside whoever writes; and as a role that may read tables, not rows. */
export async function dump(cluster: Cluster): Promise<Dump> {
  const env = { PGDATABASE: 'stockroom' };
  const script = join(cluster.place.folder, 'deploy/dump-role.sql');
  await cluster.must('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', '-v', 'password=any', '-f', script], env);
  const startedAt = performance.now();
  const asDumper = { ...env, PGUSER: 'stockroom_dump' };
  await oldDumps(cluster, asDumper);
  await cluster.must(join(cluster.place.folder, 'deploy/stockroom-backup.sh'), ['dump'], asDumper);
  const ms = performance.now() - startedAt;
  const [name = ''] = (await readdir(join(cluster.place.folder, 'dumps'))).sort().slice(-1);
  return { path: join(cluster.place.folder, 'dumps', name), ms, ...(await withoutRight(cluster)) };
}

const DAY_MS = 24 * 60 * 60_000;

/** Dumps of before: what would be 14 days old at the next run goes even when the dump fails, but for the newest. **Errors**: else. */
async function oldDumps(cluster: Cluster, env: NodeJS.ProcessEnv): Promise<void> {
  const folder = join(cluster.place.folder, 'dumps');
  const script = join(cluster.place.folder, 'deploy/stockroom-backup.sh');
  const ages = { 'stockroom-1.dump': 13.1, 'stockroom-2.dump': 12.9, 'stockroom-3.dump': 20 };
  for (const [name, days] of Object.entries(ages)) {
    const at = new Date(Date.now() - days * DAY_MS);
    await cluster.must('touch', ['-d', at.toISOString(), join(folder, name)]);
  }
  const part = join(folder, 'stockroom-4.dump.part');
  await cluster.must('touch', [part]);
  const second = await cluster.run('flock', [join(folder, '.lock'), script, 'dump'], env);
  const beside = await readdir(folder);
  const failed = await cluster.run(script, ['dump'], { ...env, PGDATABASE: 'nowhere' });
  const left = (await readdir(folder)).filter((name) => name.endsWith('.dump')).sort();
  for (const name of left) await rm(join(folder, name));
  if (!second.output.includes('another dump') || second.status !== 1 || !beside.includes(basename(part)))
    throw new Error(`Two dumps at once: ${second.output}; ${beside.join(' ')}`);
  if (failed.status === 0 || left.join(' ') !== 'stockroom-2.dump stockroom-3.dump')
    throw new Error(`Of old dumps were left: ${left.join(' ')}\n${failed.output}`);
}

/** The control: the same login without `bypassrls`. */
async function withoutRight(cluster: Cluster): Promise<{ control: string; isRefusedWithout: boolean }> {
  await cluster.query('create role half_dump login in role pg_read_all_data');
  const env = { PGDATABASE: 'stockroom', PGUSER: 'half_dump' };
  const args = ['--data-only', '--table=messages', '--table=external_credentials'];
  const refused = await cluster.run(join(POSTGRES_BIN, 'pg_dump'), args, env);
  const told = await cluster.must(join(POSTGRES_BIN, 'pg_dump'), [...args, '--enable-row-security'], env);
  const rows = told.split('\n').filter((line) => /^[0-9a-f]{8}-/.test(line)).length;
  const isRefused = refused.status !== 0 && refused.output.includes('row-level security');
  return {
    control: `without bypassrls pg_dump ended with ${refused.status}; told to go on it took ${rows} messages and secrets`,
    isRefusedWithout: isRefused && rows === 0,
  };
}

/** Restores a dump of PostgreSQL 15 into the PostgreSQL that is embedded, and looks at it as at any restored store. */
export async function restoreDump(
  { path, ms, control, isRefusedWithout }: Dump,
  input: {
    readonly cluster: Cluster;
    readonly ledger: Ledger;
    readonly before: Before;
    readonly store: Store;
    readonly against: string;
  },
): Promise<DumpReport> {
  const dataDir = join(input.cluster.place.folder, 'newer');
  await mkdir(dataDir, { mode: 0o755 });
  const superuserPassword = generateSecret(18);
  const newer = await EmbeddedPostgres.open({ dataDir, superuserPassword, holder: 'service' });
  try {
    const { host, port, superuser: user } = newer.address;
    const at = (database: string) => ({
      host,
      port,
      user,
      password: superuserPassword,
      database,
      ssl: false as const,
    });
    await withConnection(at('postgres'), async (client) => {
      await client.query('create database stockroom template template0');
    });
    await makeLogins(at('stockroom'));
    await withConnection(at('stockroom'), async (client) => {
      await client.query('alter database stockroom owner to stockroom_owner');
    });
    const startedAt = performance.now();
    const args = ['--no-owner', '--role=stockroom_owner', '--exit-on-error', '-d', 'stockroom', path];
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: superuserPassword };
    await must(join(POSTGRES_BIN, 'pg_restore'), args, { env });
    const restoreMs = performance.now() - startedAt;
    const url = (login: string): string =>
      `postgres://${login}:any@/stockroom?${new URLSearchParams({ host, port: String(port) }).toString()}`;
    const store = { ...input.store, app: url('stockroom_service'), owner: url('stockroom_migrator') };
    await mustStockroom(store, 'db', 'roles');
    await mustStockroom(store, 'db', 'check');
    const verified = await stockroom(store, 'db', 'verify', '--against', input.against);
    const query = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
      withConnection(at('stockroom'), async (client) => (await client.query<R>(text, values)).rows);
    const [size] = await query<{ bytes: number; version: string }>(
      `select pg_database_size(current_database())::float8 as bytes, current_setting('server_version') as version`,
    );
    const comparison = input.ledger.compare(await storedRows({ query }, store.keys, input.before));
    return {
      ...{ dumpMs: ms, control, isRefusedWithout, restoreMs, comparison, sound: verified.status === 0 },
      bytesPerSecond: ((size?.bytes ?? 0) / restoreMs) * 1_000,
      serverVersion: size?.version ?? '',
    };
  } finally {
    await newer.close();
    await rm(newer.location, { recursive: true, force: true });
  }
}
