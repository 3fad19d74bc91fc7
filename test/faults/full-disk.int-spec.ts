import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseServerAccount } from '../../src/database/embedded/server-account.js';
import { bar, csvOf, day } from '../factories/bars.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import { execute } from '../migrations/migration-support.js';
import type { ApiAnswer } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Only root may mount. **Shape**: whether it could. */
function mountSmallDisk(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'none', folder]).status === 0;
}

const probe = await mkdtemp(join(tmpdir(), 'stockroom-probe-'));
const mayMount = mountSmallDisk(probe);
if (mayMount) spawnSync('umount', [probe]);
await rm(probe, { recursive: true });
if (!mayMount) process.stderr.write('SKIPPED: a full disk needs a mount, which only root may make.\n');

(mayMount ? describe : describe.skip)('a database whose disk is full', () => {
  const space = `small_${randomBytes(4).toString('hex')}`;
  let folder: string;
  let service: TestApp;
  let stock: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stockroom-disk-'));
    mountSmallDisk(folder);
    const account = await chooseServerAccount();
    if (account !== undefined) await chown(folder, account.uid, account.gid);
    service = await startTestApp();
    stock = await trackStock(service.api);
    await importCsv(service.api, stock, csvOf([bar(day(0), '1')]));
    const { superuser } = service.db;
    await execute(superuser, `create tablespace ${space} location '${folder}'`);
    for (const kind of ['table', 'index']) {
      await execute(superuser, `alter ${kind} all in tablespace pg_default set tablespace ${space}`);
    }
  });
  afterAll(async () => {
    const { superuser } = service.db;
    await service.close();
    await execute({ ...superuser, database: 'postgres' }, `drop tablespace ${space}`);
    spawnSync('umount', [folder]);
    await rm(folder, { recursive: true });
  });

  const filler = (): string => join(folder, 'filler');

  async function fill(): Promise<void> {
    const file = await open(filler(), 'w');
    try {
      for (;;) await file.write(Buffer.alloc(65_536));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    } finally {
      await file.close();
    }
  }

  it('refuses imports by 503 storage-full and stores nothing of them, reads go on, and room mends it', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => `BIG${n % 20},${day(Math.floor(n / 20))},${n + 1}`);
    const importMany = (): Promise<ApiAnswer> =>
      service.api.post('/v1/stock-data', {
        query: { track: true },
        type: 'text/csv',
        body: `Symbol,Date,Close\n${rows.join('\n')}\n`,
      });
    await fill();
    const refused = await importMany();
    expectRefused(refused, 503, 'storage-full');
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    const read = await service.api.get(`/v1/stocks/${stock}/data`);
    expect([read.status, (read.json as { data: unknown[] }).data.length]).toEqual([200, 1]);
    expect((await service.stranger.get('/readyz')).status).toBe(200);
    await rm(filler());
    expect((await importMany()).json).toMatchObject({ inserted: 20_000 });
  });
});
