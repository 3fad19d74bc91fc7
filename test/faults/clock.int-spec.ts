import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execute } from '../migrations/migration-support.js';
import { buildOnce, databaseVariables, SERVICE, startProgram } from '../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { describeWith, FAKETIME } from './debian-programs.js';
import { addressOf, signIn } from './shutdown-drill.js';

const ADMIN = { email: 'admin@example.com', password: 'a long password of the clock' };
const DAY_MS = 86_400_000;

describeWith(FAKETIME)('a service whose clock jumps', () => {
  let db: TestDatabase;
  let folder: string;
  let service: ChildProcess;
  let url: string;
  let headers: Readonly<Record<string, string>>;

  beforeAll(async () => {
    buildOnce();
    db = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'stockroom-clock-'));
    await set('+0');
    const child = startProgram(SERVICE, [], {
      env: {
        ...databaseVariables(db),
        PORT: '0',
        STOCKROOM_DATA_DIR: folder,
        STOCKROOM_ADMIN_EMAIL: ADMIN.email,
        STOCKROOM_ADMIN_PASSWORD: ADMIN.password,
        STOCKROOM_LOG_LEVEL: 'silent',
        STOCKROOM_SHUTDOWN_DELAY_MS: '0',
        LD_PRELOAD: FAKETIME,
        FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
        FAKETIME_NO_CACHE: '1',
        // A clock that somebody sets does not move the one that timers go by.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    service = child;
    url = await addressOf(child.stdout);
    headers = (await signIn(url, ADMIN)).headers;
  });
  afterAll(async () => {
    service.kill('SIGTERM');
    if (service.exitCode === null) await once(service, 'exit');
    await db.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const set = (offset: string): Promise<void> => writeFile(join(folder, 'clock'), `${offset}\n`);

  /** Sets the clock and waits until the service's answers carry that time: it writes the same one for up to a second. */
  async function jump(offset: string): Promise<void> {
    await set(offset);
    const [, sign = '+', count = '0', unit = 'd'] = /^([+-])(\d+)([dm]?)$/.exec(offset) ?? [];
    const shift = Number(`${sign}${count}`) * (unit === 'm' ? 60_000 : DAY_MS);
    for (let tries = 0; tries < 50; tries++) {
      const { at } = await ask('/livez');
      if (Math.abs(at - Date.now() - shift) < 60_000) return;
      await sleep(100);
    }
    throw new Error(`the clock of the service did not jump by ${offset}`);
  }

  /** The service's own time, as its answers carry it. */
  async function ask(path: string): Promise<{ status: number; at: number; body: Record<string, unknown> }> {
    const answer = await fetch(`${url}${path}`, { headers: { ...headers, connection: 'close' } });
    const at = Date.parse(answer.headers.get('date') ?? '');
    return { status: answer.status, at, body: (await answer.json()) as Record<string, unknown> };
  }

  it.each(['+1d', '-1d', '+40d', '-10m', '+0'])(
    'keeps sessions as long as the database says: %s',
    async (offset) => {
      await jump(offset);
      const asked = await ask('/v1/sessions/current');
      expect(asked.status).toBe(200);
      expect((await ask('/readyz')).status).toBe(200);
      // A sign-in now ends thirty days from the database's now.
      const again = await fetch(`${url}/v1/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ login: ADMIN.email, password: ADMIN.password }),
      });
      const { expiresAt } = (await again.json()) as { expiresAt: string };
      expect(Math.abs(Date.parse(expiresAt) - Date.now() - 30 * DAY_MS)).toBeLessThan(600_000);
    },
  );

  it('and no longer: one that has ended stays ended, though the clock is a day behind', async () => {
    await jump('-1d');
    await execute(
      db.superuser,
      `update sessions set created_at = now() - interval '31 days', last_seen_at = now() - interval '2 minutes',
         idle_expires_at = now() - interval '1 minute', expires_at = now() - interval '1 minute'`,
    );
    expect((await ask('/v1/sessions/current')).status).toBe(401);
  });
});
