import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../src/database/direct-connection.js';
import { databaseVariables, endOf, SERVICE, startProgram } from '../support/command-line.js';
import { EventReader } from '../support/event-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import {
  beginUpload,
  holdOpen,
  keepAsking,
  watchReadiness,
  type LoadReport,
  type LoadTarget,
} from './shutdown-load.js';

const READERS = 8;
const WRITERS = 2;
const DAY = '2024-01-02';
const ADMIN = { email: 'admin@example.com', password: 'a long password of the drill' };

/** How one stop is provoked. */
export interface StopPlan {
  readonly signal: NodeJS.Signals;
  /** The control: the process ends at the signal, whatever is under way. */
  readonly abrupt?: boolean;
}

/** What was seen of one stop. **Units**: milliseconds from the signal to the end of the process. */
export interface StopReport {
  readonly status: number | null;
  readonly ms: number;
  /** Requests that were answered while it stopped and before. */
  readonly answered: number;
  readonly broken: readonly string[];
  readonly serverErrors: number;
  readonly readiness: readonly string[];
  /** Whether the event stream ended as it should, and not by a cut. */
  readonly streamEnded: boolean;
  /** The upload that never ends. */
  readonly upload: { readonly status: number; readonly code: string };
  readonly sessionsLeft: number;
  readonly filesLeft: readonly string[];
  /** Writes that were answered and are not in the database. */
  readonly lostWrites: number;
}

/** Starts the built service, loads it, sends it the signal, and looks what is left. */
export async function stopUnderLoad(plan: StopPlan): Promise<StopReport> {
  const db = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-stop-'));
  const child = startProgram(SERVICE, [], { env: environment(db, folder, plan) });
  try {
    const end = endOf(child);
    const url = await addressOf(child.stdout);
    const target = await signIn(url);
    await prepare(target);
    const acknowledged = Array.from({ length: WRITERS }, () => 0);
    const load = startLoad(target, acknowledged);
    const stream = await EventReader.open(url, target.headers);
    const [upload] = await beginUpload(target, '/v1/stocks/S0/data');
    await Promise.all([holdOpen(url, ''), holdOpen(url, 'GET /livez HTTP/1.1\r\nHost: x\r\n')]);
    const readiness = watchReadiness(url);
    await sleep(300 + Math.random() * 300);
    const startedAt = performance.now();
    child.kill(plan.signal);
    if (child.exitCode === null) await once(child, 'exit');
    const ms = Math.round(performance.now() - startedAt);
    const reports = await Promise.all(load);
    return {
      status: (await end).status,
      ms,
      ...totals(reports),
      readiness: await readiness,
      streamEnded: stream.isEnded,
      upload: await outcomeOf(upload),
      sessionsLeft: await sessionsLeft(db),
      filesLeft: await readdir(join(folder, 'spool')),
      lostWrites: await lostWrites(db, acknowledged),
    };
  } finally {
    child.kill('SIGKILL');
    await db.drop();
    await rm(folder, { recursive: true, force: true });
  }
}

function environment(db: TestDatabase, folder: string, plan: StopPlan): NodeJS.ProcessEnv {
  return {
    ...databaseVariables(db),
    PORT: '0',
    STOCKROOM_DATA_DIR: folder,
    STOCKROOM_ADMIN_EMAIL: ADMIN.email,
    STOCKROOM_ADMIN_PASSWORD: ADMIN.password,
    STOCKROOM_LOG_LEVEL: 'silent',
    STOCKROOM_REQUEST_QUOTAS_ENABLED: 'false',
    STOCKROOM_SHUTDOWN_DELAY_MS: '700',
    STOCKROOM_SHUTDOWN_GRACE_MS: '1500',
    ...(plan.abrupt === true
      ? { NODE_OPTIONS: `--import=data:text/javascript,process.on('${plan.signal}',()=>process.exit(0))` }
      : {}),
  };
}

/** Where a service that was just started listens, as it says. */
export async function addressOf(stdout: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stdout) {
    text += String(chunk);
    const found = /listens on (\S+)/.exec(text)?.[1];
    if (found !== undefined) {
      stdout.resume();
      return found;
    }
  }
  throw new Error(`The service ended before it listened: ${text}`);
}

/** A service with the headers of somebody who is signed in. */
export async function signIn(
  url: string,
  who: { readonly email: string; readonly password: string } = ADMIN,
): Promise<LoadTarget> {
  const answer = await fetch(`${url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ login: who.email, password: who.password }),
  });
  const { token } = (await answer.json()) as { token: string };
  return { url, headers: { authorization: `Bearer ${token}` } };
}

async function prepare({ url, headers }: LoadTarget): Promise<void> {
  for (let n = 0; n < WRITERS; n++) {
    for (const [path, type, body] of [
      ['/v1/stocks', 'application/json', JSON.stringify({ symbol: `S${n}` })],
      [`/v1/stocks/S${n}/data`, 'text/csv', `Date,Close\n${DAY},0\n`],
    ] as const) {
      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type, connection: 'close' },
        body,
      });
      if (answer.status >= 300) throw new Error(`POST ${path}: ${await answer.text()}`);
    }
  }
}

function startLoad(target: LoadTarget, acknowledged: number[]): Promise<LoadReport>[] {
  const readers = Array.from({ length: READERS }, (_, n) =>
    keepAsking(target, () => ({ method: 'GET', path: `/v1/stocks/S${n % WRITERS}/data` })),
  );
  const writers = acknowledged.map((_, writer) =>
    keepAsking(
      target,
      (n) => ({
        method: 'PUT',
        path: `/v1/stocks/S${writer}/data/${DAY}`,
        body: JSON.stringify({ close: n }),
      }),
      (n, status) => {
        if (status === 200) acknowledged[writer] = n;
      },
    ),
  );
  return [...readers, ...writers];
}

function totals(reports: readonly LoadReport[]): Pick<StopReport, 'answered' | 'broken' | 'serverErrors'> {
  const counts = reports.flatMap(({ answers }) => Object.entries(answers));
  const sum = (wanted: (status: number) => boolean): number =>
    counts.filter(([status]) => wanted(Number(status))).reduce((total, [, count]) => total + count, 0);
  return {
    answered: sum(() => true),
    broken: reports.flatMap(({ broken }) => broken),
    serverErrors: sum((status) => status >= 500),
  };
}

async function outcomeOf(
  upload: Promise<{ status: number; text: string }> | undefined,
): Promise<StopReport['upload']> {
  const answer = await Promise.race([upload, sleep(2_000)]);
  if (answer === undefined) return { status: 0, code: 'no answer' };
  return { status: answer.status, code: (JSON.parse(answer.text) as { code: string }).code };
}

/** A session whose client has said goodbye ends by itself, on a busy machine a moment later. */
async function sessionsLeft(db: TestDatabase): Promise<number> {
  for (let looks = 0; looks < 50 && (await sessionsOf(db)) > 0; looks++) await sleep(100);
  return sessionsOf(db);
}

async function sessionsOf(db: TestDatabase): Promise<number> {
  return withConnection(db.superuser, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int from pg_stat_activity where datname = $1 and pid <> pg_backend_pid() and usename <> current_user`,
      [db.name],
    );
    return rows[0]?.count ?? -1;
  });
}

async function lostWrites(db: TestDatabase, acknowledged: readonly number[]): Promise<number> {
  return withConnection(db.superuser, async (client) => {
    const { rows } = await client.query<{ close: string }>(
      `select s.close::text from stock_data s join stock_series i on i.id = s.series_id
       join tracked_stocks t on t.id = i.tracked_stock_id
       where s.valid_to = 9223372036854775807 order by t.symbol`,
    );
    return acknowledged.filter((n, writer) => Number(rows[writer]?.close) < n).length;
  });
}
