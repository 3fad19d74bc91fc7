import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildOnce } from '../support/command-line.js';
import { stopUnderLoad, type StopReport } from './shutdown-drill.js';

const ROUNDS = 20;
const LIMIT_MS = 15_000;

/** Twenty stops under load and the control, on a PostgreSQL of its own: `npm run drill:shutdown`. Exit status 1 when one was not clean. */
async function main(): Promise<void> {
  buildOnce();
  const server = spawn(
    process.execPath,
    ['--import', '@swc-node/register/esm-register', 'test/support/server-process.ts'],
    { cwd: join(import.meta.dirname, '../..'), stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [address] = (await once(createInterface(server.stdout), 'line')) as [string];
  process.env.TEST_POSTGRES_SERVER = address;
  try {
    let unclean = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const report = await stopUnderLoad({ signal: round % 4 === 0 ? 'SIGINT' : 'SIGTERM' });
      process.stdout.write(`${round}: ${JSON.stringify(report)}\n`);
      if (!isClean(report)) unclean++;
    }
    const control = await stopUnderLoad({ signal: 'SIGTERM', abrupt: true });
    process.stdout.write(`control: ${JSON.stringify(control)}\n`);
    const passed = unclean === 0 && control.broken.length > 0;
    process.stdout.write(`${unclean} of ${ROUNDS} stops were not clean. ${passed ? 'Passed' : 'FAILED'}.\n`);
    if (!passed) process.exitCode = 1;
  } finally {
    server.stdin.end();
    await once(server, 'exit');
  }
}

function isClean(report: StopReport): boolean {
  const { status, ms, broken, serverErrors, readiness, streamEnded, upload } = report;
  const { sessionsLeft, filesLeft, lostWrites } = report;
  return (
    status === 0 &&
    ms < LIMIT_MS &&
    broken.length + serverErrors + sessionsLeft + filesLeft.length + lostWrites === 0 &&
    streamEnded &&
    upload.code === 'shutting-down' &&
    readiness.slice(-2).join() === '503 shutting_down,gone'
  );
}

await main();
