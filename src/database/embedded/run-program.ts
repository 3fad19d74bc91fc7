import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { codeOf } from './embedded-postgres.errors.js';
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
    // A string names the system call's error: nothing ran. Otherwise the program ended, by a status or a signal.
    if (typeof codeOf(error) === 'string') throw error;
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    return { ok: false, output: stdout + stderr };
  }
}
