import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ServerAccount } from '../../../src/database/embedded/server-account.js';

/** Programs of Debian's packages; `TEST_POSTGRES_BIN_DIR` names another folder. */
export const POSTGRES_BIN = process.env.TEST_POSTGRES_BIN_DIR || '/usr/lib/postgresql/15/bin';

/** How a program is run. **Shape**: `env` goes beside `PATH`; `account` null is this user. */
export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly account?: ServerAccount | null;
  readonly input?: string;
  readonly cwd?: string;
}

/** How it ended. **Shape**: `output` is standard output and standard error as they came. */
export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly output: string;
}

/** Programs print no more than this of what they say; the newest part is kept. */
const MAX_OUTPUT = 4_000_000;

/** Starts a program whose messages are in English and whose clock is UTC, as patterns of the drill expect. */
export function start(file: string, args: readonly string[], options: ProgramOptions = {}): ChildProcess {
  return spawn(file, args, {
    cwd: options.cwd ?? '/',
    env: { PATH: process.env.PATH, HOME: '/', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options.account,
  });
}

/** Runs a program to its end, whatever its status. */
export async function run(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = start(file, args, options);
  let [stdout, output] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-MAX_OUTPUT);
    output = (output + text).slice(-MAX_OUTPUT);
  });
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (output = (output + text).slice(-MAX_OUTPUT)));
  // A program that reads nothing closes its standard input.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, output };
}

/** Runs a program that must end with 0. **Shape**: its standard output. **Errors**: with all that it said. */
export async function must(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { status, stdout, output } = await run(file, args, options);
  if (status !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${status}:\n${output.slice(-4_000)}`);
  return stdout;
}
