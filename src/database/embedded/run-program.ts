import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServerAccount } from './server-account.js';

const run = promisify(execFile);

/**
 * How every program of PostgreSQL is started.
 *
 * **Why** cwd `/`: they look up the current directory and fail when the server's account may not read it. **Why** a bare
 * environment: PGDATA, PGOPTIONS or LD_LIBRARY_PATH of the user's shell must not steer this server, and with LC_ALL=C its
 * messages stay in English, which the explanations of failures rely on.
 */
export function programOptions(account: ServerAccount | undefined): {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
} {
  return { cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }, ...account };
}

export interface ProgramResult {
  readonly ok: boolean;
  /** Standard output followed by standard error. */
  readonly output: string;
}

/** Runs a program to its end. **Errors**: rejects only when it cannot be started (EACCES, ENOENT …). */
export async function runProgram(
  file: string,
  args: readonly string[],
  account: ServerAccount | undefined,
): Promise<ProgramResult> {
  try {
    const { stdout, stderr } = await run(file, args, programOptions(account));
    return { ok: true, output: stdout + stderr };
  } catch (error) {
    // A number is an exit status; a string names the system call's error, so nothing ran.
    if (error instanceof Error && 'stdout' in error && 'code' in error && typeof error.code !== 'string') {
      return { ok: false, output: `${String(error.stdout)}${'stderr' in error ? String(error.stderr) : ''}` };
    }
    throw error;
  }
}
