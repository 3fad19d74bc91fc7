import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rotationDrill } from './key-rotation-drill.js';

/** The rotation drill in full, on a PostgreSQL of its own: `npm run drill:rotation`. Exit status 1 when anything was lost. */
async function main(): Promise<void> {
  const root = join(import.meta.dirname, '../..');
  const server = spawn(
    process.execPath,
    ['--import', '@swc-node/register/esm-register', 'test/support/server-process.ts'],
    { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [address] = (await once(createInterface(server.stdout), 'line')) as [string];
  process.env.TEST_POSTGRES_SERVER = address;
  try {
    const size = { rows: 50_000, writers: 8, readers: 8 };
    const rotation = await rotationDrill({ ...size, kills: 5, onePhase: false });
    process.stdout.write(`${JSON.stringify({ rotation }, null, 2)}\n`);
    const control = await rotationDrill({ ...size, rows: 5_000, kills: 0, onePhase: true });
    process.stdout.write(`${JSON.stringify({ control }, null, 2)}\n`);
    const { decryptionErrors, staleReads, lostUpdates, failures, cells, cellsOnNewKey, kills } = rotation;
    const isSound =
      decryptionErrors + staleReads + lostUpdates + failures.length === 0 &&
      cells === cellsOnNewKey &&
      kills === 5;
    process.stdout.write(isSound && control.decryptionErrors > 0 ? 'Nothing was lost.\n' : 'FAILED\n');
    if (!isSound || control.decryptionErrors === 0) process.exitCode = 1;
  } finally {
    server.stdin.end();
    await once(server, 'exit');
  }
}

await main();
