import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { generateSecret } from '../../src/encryption/secrets.js';
import type { ConnectionSettings } from '../../src/config/settings.js';
import type { TestDatabase } from './test-database.js';

const ROOT = join(import.meta.dirname, '../..');

/** What is built from the sources, as `npm start` and `npm run stockroom` run it. */
export const SERVICE = join(ROOT, 'dist/src/main.js');
export const COMMAND_LINE = join(ROOT, 'dist/src/cli/main.js');

/** How a command is run. **Shape**: `env` is the whole environment but for `PATH`. */
export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: Uint8Array | string;
  readonly cwd?: string;
  /** Another user, when this one is root. */
  readonly account?: { readonly uid: number; readonly gid: number };
}

/** How it ended. **Shape**: `status` is null when a signal ended it. */
export interface CommandResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ends a command that hangs, so that a test fails and its process does not stay. **Units**: milliseconds. */
const KILL_AFTER_MS = 60_000;

/** Builds the sources if need be; call it in `beforeAll`. */
export function buildOnce(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/ensure-built.mjs')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The build failed:\n${stderr}`);
}

/** Starts a program of ours as a process of its own. */
export function startProgram(
  program: string,
  args: readonly string[],
  { env = {}, cwd, account }: CommandOptions = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...account,
    timeout: KILL_AFTER_MS,
    killSignal: 'SIGKILL',
  });
}

/** Everything that a process says until its end. */
export async function endOf(child: ChildProcessWithoutNullStreams): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { status, signal, stdout, stderr };
}

/** Runs a program of ours to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = startProgram(program, args, options);
  // A command that never reads its standard input closes it; that is its own affair.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  return endOf(child);
}

/** A script of the project that is not built, to its end, as `npm run` starts it. **Shape**: `path` from the project's folder. */
export async function runScript(
  path: string,
  args: readonly string[],
  { env = {} }: Pick<CommandOptions, 'env'> = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, ['--import', '@swc-node/register/esm-register', path, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    timeout: KILL_AFTER_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.end();
  return endOf(child);
}

/** `stockroom <args>` to its end. */
export async function stockroom(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return runProgram(COMMAND_LINE, args, options);
}

/** The variables with which a person would use a test database as their own. */
export function databaseVariables(db: TestDatabase): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: urlOf(db.app),
    DATABASE_MIGRATION_URL: urlOf(db.owner),
    ENCRYPTION_KEYS: `test-1:${generateSecret(32)}`,
  };
}

/** A connection as a URL, as `DATABASE_URL` takes it. */
export function urlOf({ host, port, user, password, database }: ConnectionSettings): string {
  return `postgres://${user}:${password}@/${database}?${new URLSearchParams({ host, port: String(port) }).toString()}`;
}
