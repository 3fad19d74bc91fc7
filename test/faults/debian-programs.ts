import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';

/** Programs of Debian's packages that the embedded server does not bring; `TEST_POSTGRES_BIN_DIR` names another folder. */
export const POSTGRES_BIN = process.env.TEST_POSTGRES_BIN_DIR || '/usr/lib/postgresql/15/bin';
export const PGBOUNCER = '/usr/sbin/pgbouncer';
/** Loaded into a process, it tells the time that it is told to. */
export const FAKETIME = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`;

/** `describe` where the program is installed; else its tests are skipped, and standard error says so. */
export function describeWith(program: string): typeof describe | typeof describe.skip {
  if (existsSync(program)) return describe;
  process.stderr.write(
    `SKIPPED: ${program} is not installed; scripts/ci/growth.sh installs it and runs these tests.\n`,
  );
  return describe.skip;
}
