/**
 * `npm start` as a newcomer types it: from nothing to `/readyz`, signed in with the password it made, then stopped by SIGTERM. Fails
 * when it does not become ready, lets nobody in or anybody, does not end with status 0, or leaves its database running.
 *
 * Usage: `node scripts/ci/first-start.mjs [folder]`; the folder is a clone with its packages installed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 30_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function statusOf(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status;
  } catch {
    return null;
  }
}

async function waitUntilReady(url, service) {
  const deadline = Date.now() + READY_WITHIN_MS;
  while ((await statusOf(url)) !== 200) {
    if (service.exitCode !== null)
      throw new Error(`npm start ended with status ${service.exitCode}; see above.`);
    if (Date.now() > deadline)
      throw new Error(`${url} was not 200 within ${READY_WITHIN_MS / 1000} s; see above.`);
    await sleep(200);
  }
}

/** What the first start wrote down must open the service, and nothing less. */
async function signIn(origin) {
  const { email, password } = JSON.parse(await readFile(join(dataDir, 'admin.json'), 'utf8'));
  const stocks = `${origin}/v1/stocks`;
  const strangers = await statusOf(stocks);
  if (strangers !== 401) throw new Error(`${stocks} was answered ${strangers} without a session, not 401.`);
  const session = await fetch(`${origin}/v1/sessions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ login: email, password }),
  });
  if (!session.ok) throw new Error(`Signing in as ${email} was answered ${session.status}.`);
  const { token } = await session.json();
  const own = await fetch(stocks, { headers: { Authorization: `Bearer ${token}` } });
  if (own.status !== 200) throw new Error(`${stocks} was answered ${own.status} with a session, not 200.`);
}

/** Processes whose command line names the data directory: whatever of ours is still there. */
async function leftovers(dataDir) {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(dataDir)) found.push(`${pid} ${command.replaceAll('\0', ' ')}`);
  }
  return found;
}

async function endOf(service) {
  const [status, signal] = await Promise.race([
    once(service, 'exit'),
    sleep(STOP_WITHIN_MS, null, { ref: false }).then(() => {
      throw new Error(`npm start did not end within ${STOP_WITHIN_MS / 1000} s of SIGTERM.`);
    }),
  ]);
  if (status !== 0)
    throw new Error(`npm start ended with ${signal ?? `status ${status}`} after SIGTERM, not 0.`);
}

const folder = resolve(process.argv[2] ?? '.');
const temporary = await mkdtemp(join(tmpdir(), 'stockroom-first-start-'));
await chmod(temporary, 0o755);
const dataDir = join(temporary, 'data');
const port = await freePort();
const startedAt = Date.now();
await rm(join(folder, 'dist'), { recursive: true, force: true });
const service = spawn('npm', ['start'], {
  cwd: folder,
  env: { ...process.env, PORT: String(port), STOCKROOM_DATA_DIR: dataDir },
  stdio: ['ignore', 'inherit', 'inherit'],
});
try {
  const origin = `http://127.0.0.1:${port}`;
  await waitUntilReady(`${origin}/readyz`, service);
  console.log(
    `Ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s, build and first database included.`,
  );
  await signIn(origin);
  service.kill('SIGTERM');
  await endOf(service);
  const left = await leftovers(dataDir);
  if (left.length > 0) throw new Error(`Left running:\n${left.join('\n')}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  if (service.exitCode === null) service.kill('SIGTERM');
  for (const line of await leftovers(dataDir)) process.kill(Number.parseInt(line, 10), 'SIGINT');
  await rm(temporary, { recursive: true, force: true });
}
