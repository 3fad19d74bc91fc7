import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../bench.types.js';
import { connectionUrl } from '../database/bench-server.js';
import { HttpProcess } from './http-process.js';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'dist/src');
const SERVICE = join(BUILT, 'main.js');
/** The command line, as built. */
export const COMMAND_LINE = join(ROOT, 'dist/src/cli/main.js');

/** The first administrator of every database of the benchmark, who asks for everything. */
const ADMIN = { login: 'bench@example.org', password: 'a long walk through many figures' };

/** A service that runs, and what signed-in requests carry. */
export interface SignedInService {
  readonly process: HttpProcess;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The environment of the service and of the command line on a database of the benchmark; all else is as by default. */
export function serviceEnvironment(bench: Bench, database: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    STOCKROOM_DATA_DIR: join(bench.directory, 'data'),
    DATABASE_URL: connectionUrl(bench.server.connection(database, 'app')),
    DATABASE_MIGRATION_URL: connectionUrl(bench.server.connection(database, 'owner')),
    // The load comes from one client, and is to be answered.
    STOCKROOM_REQUEST_QUOTAS_ENABLED: 'false',
    STOCKROOM_ADMIN_EMAIL: ADMIN.login,
    STOCKROOM_ADMIN_PASSWORD: ADMIN.password,
    ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 'stockroom benchmark').toString('base64')}`,
  };
}

/**
 * Starts the service as somebody would who runs it: the built files, its log as lines of JSON at level info; and signs in. **Why** a
 * session and not a visitor: its look-up is the longer one.
 */
export async function startService(bench: Bench, database: string): Promise<SignedInService> {
  const service = await HttpProcess.start(bench, {
    name: `service-${database}`,
    script: SERVICE,
    env: processEnvironment(bench, database),
    readyPath: '/readyz',
  });
  bench.defer(() => service.stop());
  const answer = await fetch(`${service.url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMIN),
  });
  if (!answer.ok) throw new Error(`signing in ended with ${answer.status}: ${await answer.text()}`);
  const { token } = (await answer.json()) as { token: string };
  return { process: service, url: service.url, headers: { authorization: `Bearer ${token}` } };
}

/**
 * The service on the same database without a part of it. **Shape**: `without-guard` lets everybody in and asks nobody; `without-memory`
 * remembers no page of messages and no quoted price, so that each is asked for as if for the first time.
 */
export async function startWithout(
  bench: Bench,
  database: string,
  variant: 'without-guard' | 'without-memory',
): Promise<HttpProcess> {
  const service = await HttpProcess.start(bench, {
    name: `${variant}-${database}`,
    script: bench.yardstick(variant),
    env: { ...processEnvironment(bench, database), BENCH_SERVICE_DIRECTORY: BUILT },
    readyPath: '/readyz',
  });
  bench.defer(() => service.stop());
  return service;
}

function processEnvironment(bench: Bench, database: string): Record<string, string> {
  return { ...serviceEnvironment(bench, database), NODE_OPTIONS: flagsOfStart() };
}

/** Node's flags of `npm start`, which are those of the image. */
function flagsOfStart(): string {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  const flags = /exec node (--.+) dist\/src\/main\.js$/.exec(scripts.start)?.[1];
  if (flags === undefined) throw new Error('npm start has no flags of Node');
  return flags;
}
