import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EncryptionService } from '../../src/encryption/encryption.service.js';
import {
  asOwner,
  makeUser,
  newKey,
  openProcess,
  type ProcessOptions,
} from '../integration/encryption/keys-support.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import type { DrillPlan, DrillReport, WorkerJob, WorkerReport } from './key-rotation-types.js';

const REPLICAS = 2;
const INSERT_ROWS = 5_000;
const COLUMNS = ['access_token', 'refresh_token'] as const;

/**
 * Rotates to a new key while two replicas write and read, kills the rotation on the way, starts it again, and looks afterwards
 * at every cell.
 */
export async function rotationDrill(plan: DrillPlan): Promise<DrillReport> {
  const db = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-drill-'));
  const children: ChildProcessWithoutNullStreams[] = [];
  try {
    const keys = newKey('drill-1');
    const keysFile = { path: join(folder, 'keys'), format: 'list' } as const;
    await writeFile(keysFile.path, keys);
    const userId = await makeUser(db, 'drill');
    await fillRows(db, { keys, userId, rows: plan.rows });
    const workers = await startWorkers(plan, { db, userId, keys, keysFile }, children);
    const startedAt = performance.now();
    // The control changes nothing but the values: both replicas go on with the old key.
    const rotator: ProcessOptions = plan.onePhase
      ? { keys: `${newKey('drill-2')},${keys}` }
      : { keys, keysFile };
    const kills = await rotate(db, rotator, plan, children);
    const rotationMs = Math.round(performance.now() - startedAt);
    const reports = await Promise.all(workers.map((worker) => worker.stop()));
    const ring = plan.onePhase ? rotator.keys : (await readFile(keysFile.path, 'utf8')).trim();
    return { kills, rotationMs, ...(await inspect(db, ring, plan, reports)) };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await db.drop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fillRows(
  db: TestDatabase,
  input: { keys: string; userId: string; rows: number },
): Promise<void> {
  const app = await openProcess(db, { keys: input.keys });
  const encryption = app.get(EncryptionService);
  for (let first = 0; first < input.rows; first += INSERT_ROWS) {
    const indexes = Array.from({ length: Math.min(INSERT_ROWS, input.rows - first) }, (_, n) => first + n);
    const found = await asOwner<{ id: string }>(
      db,
      'select gen_random_uuid() as id from generate_series(1, $1)',
      [indexes.length],
    );
    const ids = found.map(({ id }) => id);
    const cells = (column: string, clear: (index: number) => string): string[] =>
      ids.map((rowId, n) =>
        encryption.encrypt({ table: 'external_credentials', column, rowId }, clear(indexes[n] ?? 0)),
      );
    await asOwner(
      db,
      `insert into external_credentials (id, user_id, provider, kind, access_token, refresh_token)
       select id, $1, 'p' || n, 'oauth', a, r
       from unnest($2::uuid[], $3::int[], $4::text[], $5::text[]) as v (id, n, a, r)`,
      [
        input.userId,
        ids,
        indexes,
        cells('access_token', (n) => `${n}:0`),
        cells('refresh_token', (n) => `refresh ${n}:0`),
      ],
    );
  }
  await app.close();
}

interface Worker {
  stop(): Promise<WorkerReport>;
}

async function startWorkers(
  plan: DrillPlan,
  {
    db,
    userId,
    keys,
    keysFile,
  }: { db: TestDatabase; userId: string } & Required<Pick<ProcessOptions, 'keys' | 'keysFile'>>,
  children: ChildProcessWithoutNullStreams[],
): Promise<readonly Worker[]> {
  const options = plan.onePhase ? { keys } : { keys, keysFile };
  return Promise.all(
    Array.from({ length: REPLICAS }, async (_, replica) => {
      const lanes = Array.from({ length: plan.writers }, (__, lane) => lane);
      const job: WorkerJob = {
        ...{
          db: { app: db.app, owner: db.owner },
          keys: options,
          userId,
          rows: plan.rows,
          lanes: plan.writers,
        },
        writerLanes: lanes.filter((lane) => lane % REPLICAS === replica),
        readers: Math.ceil(plan.readers / REPLICAS),
      };
      const { child, lines } = startScript('key-rotation-worker.ts', job, children);
      await lines.next();
      return {
        stop: async (): Promise<WorkerReport> => {
          child.stdin.write('stop\n');
          return JSON.parse((await lines.next()).value as string) as WorkerReport;
        },
      };
    }),
  );
}

/** Runs the rotation to its end; each run but the last is killed a bit further on. **Shape**: how often it was killed. */
async function rotate(
  db: TestDatabase,
  keys: ProcessOptions,
  plan: DrillPlan,
  children: ChildProcessWithoutNullStreams[],
): Promise<number> {
  const job = { db: { app: db.app, owner: db.owner }, keys, onePhase: plan.onePhase };
  const cells = plan.rows * COLUMNS.length;
  for (let killed = 0; ;) {
    const { child, lines } = startScript('key-rotation-rotator.ts', job, children);
    // The first one dies while the processes are waited for, the others after their part of the cells.
    const limit = killed === 0 ? 0 : Math.floor((cells / (plan.kills + 1)) * 0.8);
    let finished = false;
    for await (const line of lines) {
      if (line === 'finished') finished = true;
      const [, done] = /^progress (\d+)\//.exec(line) ?? [];
      const reached = killed === 0 ? line.startsWith('step') : Number(done ?? -1) >= limit;
      if (!finished && killed < plan.kills && reached) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (finished) return killed;
    if (child.signalCode !== 'SIGKILL') throw new Error('The rotation ended before its end.');
    killed++;
  }
}

async function inspect(
  db: TestDatabase,
  ring: string,
  plan: DrillPlan,
  reports: readonly WorkerReport[],
): Promise<Omit<DrillReport, 'kills' | 'rotationMs'>> {
  const app = await openProcess(db, { keys: ring });
  const encryption = app.get(EncryptionService);
  const acked = new Map(reports.flatMap((report) => Object.entries(report.acked)));
  const rows = await asOwner<Record<'id' | 'provider' | (typeof COLUMNS)[number], string>>(
    db,
    'select id, provider, access_token, refresh_token from external_credentials',
  );
  let cellsOnNewKey = 0;
  let lostUpdates = 0;
  for (const row of rows) {
    const index = row.provider.slice(1);
    for (const column of COLUMNS) cellsOnNewKey += Number(!encryption.needsRotation(row[column]));
    const cell = { table: 'external_credentials', column: 'access_token', rowId: row.id };
    const clear = encryption.decrypt(cell, row.access_token);
    lostUpdates += Number(clear !== `${index}:${acked.get(index) ?? 0}`);
  }
  await app.close();
  const sum = (of: (report: WorkerReport) => number): number =>
    reports.reduce((all, report) => all + of(report), 0);
  return {
    ...{ cells: plan.rows * COLUMNS.length, cellsOnNewKey, lostUpdates },
    reads: sum(({ reads }) => reads),
    writes: sum(({ writes }) => writes),
    decryptionErrors: sum(({ decryptionErrors }) => decryptionErrors),
    staleReads: sum(({ staleReads }) => staleReads),
    failures: reports.flatMap(({ failures }) => failures),
  };
}

function startScript(
  script: string,
  job: unknown,
  children: ChildProcessWithoutNullStreams[],
): { child: ChildProcessWithoutNullStreams; lines: NodeJS.AsyncIterator<string> & AsyncIterable<string> } {
  const child = spawn(
    process.execPath,
    ['--import', '@swc-node/register/esm-register', join(import.meta.dirname, script), JSON.stringify(job)],
    { cwd: join(import.meta.dirname, '../..') },
  );
  children.push(child);
  child.stderr.pipe(process.stderr);
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
}
