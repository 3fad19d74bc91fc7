import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Starts the one PostgreSQL of this run in a process of its own and tells the workers, through `TEST_POSTGRES_SERVER`,
 * where it is (see `test-server.ts`).
 *
 * **Why** a process of its own: it owns the server and its folder, and removes both as soon as its standard input ends,
 * which also happens when jest is killed. Nothing that jest would have to do itself can be forgotten.
 */
export default async function globalSetup() {
  const server = spawn(
    process.execPath,
    ['--import', '@swc-node/register/esm-register', 'test/support/server-process.ts'],
    { cwd: new URL('../..', import.meta.url), stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exited = once(server, 'exit').then(([code, signal]) => {
    throw new Error(
      `The test server ended before it was ready (${signal ?? `exit status ${code}`}); see above.`,
    );
  });
  exited.catch(() => undefined);
  const [address] = await Promise.race([once(createInterface(server.stdout), 'line'), exited]);
  process.env.TEST_POSTGRES_SERVER = address;
  globalThis.stockroomTestServer = server;
}
