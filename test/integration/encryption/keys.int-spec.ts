import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { KeysFile } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { KeyRingError } from '../../../src/encryption/encryption.errors.js';
import { EncryptionService } from '../../../src/encryption/encryption.service.js';
import { RetirementRefused, RotationRefused } from '../../../src/keys/keys.errors.js';
import { KeyPresenceService } from '../../../src/keys/key-presence.service.js';
import { KeysService, type RotationOptions } from '../../../src/keys/keys.service.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { asOwner, makeUser, newKey, openProcess, type ProcessOptions } from './keys-support.js';

const QUIET = { onStep: () => undefined, onProgress: () => undefined };
const PLAIN: RotationOptions = { newKey: null, ...QUIET };
const NEW_KEY: RotationOptions = { newKey: { timeoutSeconds: 10 }, ...QUIET };

let db: TestDatabase;
let folder: string;
let opened: INestApplicationContext[];
let tickers: NodeJS.Timeout[];

beforeEach(async () => {
  db = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'stockroom-keys-'));
  opened = [];
  tickers = [];
});
afterEach(async () => {
  for (const ticker of tickers) clearInterval(ticker);
  await Promise.all(opened.map((app) => app.close()));
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

const failure = async (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('It did not fail.'),
    (error: unknown) => error as Error,
  );

/** A command: it has keys and reports nothing. */
async function command(options: ProcessOptions): Promise<KeysService> {
  const app = await openProcess(db, options);
  opened.push(app);
  return app.get(KeysService);
}

/** A running process of the service, whose beats come faster than in life. */
async function service(options: ProcessOptions): Promise<INestApplicationContext> {
  const app = await openProcess(db, options);
  opened.push(app);
  const presence = app.get(KeyPresenceService);
  await presence.begin();
  tickers.push(setInterval(() => void presence.beat(), 100));
  return app;
}

async function stop(app: INestApplicationContext): Promise<void> {
  for (const ticker of tickers.splice(0)) clearInterval(ticker);
  opened = opened.filter((other) => other !== app);
  await app.close();
}

/** Stores rows with an access and a refresh token each. */
async function storeCells(app: INestApplicationContext, rows: number): Promise<void> {
  const userId = await makeUser(db, `user-${Math.random().toString(36).slice(2, 10)}`);
  const encryption = app.get(EncryptionService);
  const ids = await asOwner<{ id: string }>(
    db,
    'select gen_random_uuid() as id from generate_series(1, $1)',
    [rows],
  );
  const cell = (rowId: string, column: string): string =>
    encryption.encrypt({ table: 'external_credentials', column, rowId }, `${column} of ${rowId}`);
  await asOwner(
    db,
    `insert into external_credentials (id, user_id, provider, kind, access_token, refresh_token)
     select id, $1, 'p' || replace(id::text, '-', ''), 'oauth', a, r
     from unnest($2::uuid[], $3::text[], $4::text[]) as v (id, a, r)`,
    [
      userId,
      ids.map(({ id }) => id),
      ids.map(({ id }) => cell(id, 'access_token')),
      ids.map(({ id }) => cell(id, 'refresh_token')),
    ],
  );
}

/** How many cells a process opens, and what they were stored with. */
async function readable(app: INestApplicationContext): Promise<number> {
  const rows = await asOwner<{ id: string; access_token: string; refresh_token: string }>(
    db,
    'select id, access_token, refresh_token from external_credentials',
  );
  let count = 0;
  for (const { id, ...columns } of rows) {
    for (const [column, text] of Object.entries(columns)) {
      const clear = app
        .get(EncryptionService)
        .decrypt({ table: 'external_credentials', column, rowId: id }, text);
      expect(clear).toBe(`${column} of ${id}`);
      count++;
    }
  }
  return count;
}

describe('a start', () => {
  it('is refused with another key under a known id', async () => {
    await stop(await service({ keys: newKey('k1') }));
    const error = await failure(service({ keys: newKey('k1') }));
    expect(error).toBeInstanceOf(KeyRingError);
    expect(error.message).toMatch(/"k1" is not the one that this database knows/);
  });

  it('is refused without a key that values may be under, and let through once that key is retired', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    await stop(await service({ keys: k1 }));
    const error = await failure(service({ keys: k2 }));
    expect(error).toBeInstanceOf(KeyRingError);
    expect(error.message).toMatch(/may hold values under the encryption key "k1", which is missing/);
    await (await command({ keys: `${k2},${k1}` })).retire('k1');
    await stop(await service({ keys: k2 }));
    expect((await failure(service({ keys: `${k1},${k2}` }))).message).toMatch(/"k1" was retired/);
  });

  it('does not miss a key that never encrypted', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    await stop(await service({ keys: `${k1},${k2}` }));
    const now = await service({ keys: k1 });
    expect(now.get(EncryptionService).keyIds).toEqual(['k1']);
  });

  it('of two processes with different keys of one id succeeds for one of them at most', async () => {
    const started = await Promise.allSettled(
      Array.from({ length: 6 }, () => service({ keys: newKey('k1') })),
    );
    expect(started.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    for (const result of started) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(KeyRingError);
    }
    expect(await asOwner(db, 'select count(*)::int as n from encryption_keys')).toEqual([{ n: 1 }]);
  });
});

describe('rotation', () => {
  it('brings every value under the primary key, and says what is where', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await service({ keys: k1 });
    await storeCells(old, 1_203);
    await stop(old);
    const keys = await command({ keys: `${k2},${k1}` });
    const before = await keys.status();
    expect(before.cells).toEqual(
      ['access_token', 'refresh_token'].map((column) => ({
        ...{ table: 'external_credentials', column, keyId: 'k1', count: 1_203 },
      })),
    );
    const steps: [number, number][] = [];
    const report = await keys.rotate({ ...PLAIN, onProgress: (done, total) => steps.push([done, total]) });
    expect(report).toEqual({ primary: 'k2', rotated: 2_406, unreadable: 0, unreadableCells: [] });
    expect(steps.at(-1)).toEqual([2_406, 2_406]);
    expect(steps.length).toBeGreaterThan(2);
    const after = await keys.status();
    expect(after.cells.map(({ keyId, count }) => [keyId, count])).toEqual([
      ['k2', 1_203],
      ['k2', 1_203],
    ]);
    expect(after.keys.map(({ id, cells, encryptedValues }) => [id, cells, encryptedValues])).toEqual([
      ['k1', 0, 2_406],
      ['k2', 2_406, 2_406],
    ]);
    expect(await keys.rotate(PLAIN)).toMatchObject({ rotated: 0 });
    const now = await service({ keys: `${k2},${k1}` });
    expect(await readable(now)).toBe(2_406);
    const events = await asOwner(
      db,
      'select action, outcome, target_id, details from audit_events order by id',
    );
    expect(events[0]).toEqual({
      ...{ action: 'keys.rotated', outcome: 'success', target_id: 'k2' },
      details: { rotated: 2_406, unreadable: 0 },
    });
  });

  it('is refused while a process cannot read the new key, or writes with another, by its name', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const blind = await service({ keys: k1 });
    const rotating = await command({ keys: `${k2},${k1}` });
    const refused = await failure(rotating.rotate(PLAIN));
    expect(refused).toBeInstanceOf(RotationRefused);
    expect(refused.message).toMatch(new RegExp(`process ${process.pid} on .* cannot read the key "k2"`));
    await stop(blind);
    const behind = await service({ keys: `${k1},${k2}` });
    expect((await failure(rotating.rotate(PLAIN))).message).toMatch(
      /still writes with another key than "k2"/,
    );
    await stop(behind);
    await service({ keys: `${k2},${k1}` });
    await rotating.rotate(PLAIN);
  });

  it('leaves what no key opens, names it, and rotates the rest', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await service({ keys: k1 });
    await storeCells(old, 20);
    await stop(old);
    await asOwner(
      db,
      `update external_credentials set access_token = overlay(access_token placing 'AAAA' from 30)
       where id = (select min(id::text)::uuid from external_credentials)`,
    );
    await asOwner(
      db,
      `update external_credentials set refresh_token = 'plain text'
       where id = (select max(id::text)::uuid from external_credentials)`,
    );
    const keys = await command({ keys: `${k2},${k1}` });
    const report = await keys.rotate(PLAIN);
    expect(report).toMatchObject({ rotated: 38, unreadable: 2 });
    expect(report.unreadableCells.map(({ column }) => column).toSorted()).toEqual([
      'access_token',
      'refresh_token',
    ]);
    expect((await keys.status()).cells.map(({ keyId, count }) => [keyId, count])).toEqual(
      expect.arrayContaining([
        ['k1', 1],
        [null, 1],
      ]),
    );
    expect((await failure(keys.retire('k1'))).message).toMatch(/^1 values are left under "k1"/);
  });

  it('happens once at a time', async () => {
    const keys = await command({ keys: newKey('k1') });
    await withConnection(db.owner, async (client) => {
      await client.query('select pg_advisory_lock(7163001044)');
      expect((await failure(keys.rotate(PLAIN))).message).toMatch(/Another rotation/);
    });
    await keys.rotate(PLAIN);
  });
});

describe('rotation to a new key in a file', () => {
  const files = (['list', 'data-directory'] as const).map((format) => [format] as const);

  async function keysFile(format: KeysFile['format'], keys: string): Promise<KeysFile> {
    const path = join(folder, 'keys');
    const content =
      format === 'list' ? `${keys}\n` : JSON.stringify({ appPassword: 'kept', encryptionKeys: keys });
    await writeFile(path, content, { mode: 0o600 });
    return { path, format };
  }

  it.each(files)('is one command beside running processes (%s)', async (format) => {
    const keys = newKey('prod-1');
    const file = await keysFile(format, keys);
    const [one, two] = [await service({ keys, keysFile: file }), await service({ keys, keysFile: file })];
    const processes = [one, two];
    await storeCells(one, 50);
    const rotating = await command({ keys, keysFile: file });
    expect(await rotating.rotate(NEW_KEY)).toMatchObject({ primary: 'prod-2', rotated: 100, unreadable: 0 });
    for (const app of processes) {
      expect(app.get(EncryptionService).keyIds).toEqual(['prod-2', 'prod-1']);
      expect(await readable(app)).toBe(100);
    }
    expect(await rotating.retire('prod-1')).toEqual({ withdrawn: true });
    const content = await readFile(file.path, 'utf8');
    expect(content).toContain('prod-2:');
    expect(content).not.toContain('prod-1:');
    if (format === 'data-directory') expect(JSON.parse(content)).toMatchObject({ appPassword: 'kept' });
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    await Promise.all(processes.map((app) => app.get(KeyPresenceService).beat()));
    expect(two.get(EncryptionService).keyIds).toEqual(['prod-2']);
    expect(await readable(two)).toBe(100);
  });

  it('goes on with the key that a broken-off call left in the file', async () => {
    const keys = newKey('k1');
    const file = await keysFile('list', keys);
    const deaf = await service({ keys });
    const rotating = await command({ keys, keysFile: file });
    const broken = await failure(rotating.rotate({ ...NEW_KEY, newKey: { timeoutSeconds: 0 } }));
    expect(broken).toBeInstanceOf(RotationRefused);
    expect(broken.message).toMatch(/did not take over the key file/);
    const [first, second] = (await readFile(file.path, 'utf8')).trim().split(',');
    expect(first).toBe(keys);
    expect(second).toMatch(/^k-2:/);
    await stop(deaf);
    expect(await rotating.rotate(NEW_KEY)).toMatchObject({ primary: 'k-2' });
    expect((await readFile(file.path, 'utf8')).trim()).toBe(`${second},${first}`);
  });

  it('takes no key that only reads for the new one', async () => {
    const [k1, k0] = [newKey('k1'), newKey('k0')];
    const file = await keysFile('list', `${k1},${k0}`);
    const rotating = await command({ keys: `${k1},${k0}`, keysFile: file });
    expect(await rotating.rotate(NEW_KEY)).toMatchObject({ primary: 'k-2' });
    expect(await rotating.rotate(NEW_KEY)).toMatchObject({ primary: 'k-3' });
  });

  it('needs a file', async () => {
    const error = await failure((await command({ keys: newKey('k1') })).rotate(NEW_KEY));
    expect(error).toBeInstanceOf(RotationRefused);
    expect(error.message).toMatch(/come from the environment/);
  });

  it('keeps the old keys in force while the file is damaged', async () => {
    const keys = newKey('k1');
    const file = await keysFile('list', keys);
    const app = await service({ keys, keysFile: file });
    await storeCells(app, 3);
    for (const damage of ['', 'k1:short', newKey('k1'), newKey('k9'), `${keys},`]) {
      await writeFile(file.path, damage);
      await app.get(KeyPresenceService).beat();
      expect(app.get(EncryptionService).keyIds).toEqual(['k1']);
      expect(await readable(app)).toBe(6);
    }
    const more = newKey('k2');
    await writeFile(file.path, `${more},${keys}`);
    await app.get(KeyPresenceService).beat();
    expect(app.get(EncryptionService).keyIds).toEqual(['k2', 'k1']);
    await chmod(file.path, 0o600);
  });
});

describe('retirement', () => {
  it('is refused for the primary, for an unknown key, while values are left, and while somebody writes with it', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await service({ keys: `${k1},${k2}` });
    await storeCells(old, 4);
    const keys = await command({ keys: `${k2},${k1}` });
    expect((await failure(keys.retire('k1'))).message).toMatch(/still writes with "k1"/);
    await stop(old);
    const refused = await failure(keys.retire('k1'));
    expect(refused).toBeInstanceOf(RetirementRefused);
    expect((refused as RetirementRefused).left).toEqual([
      { table: 'external_credentials', column: 'access_token', keyId: 'k1', count: 4 },
      { table: 'external_credentials', column: 'refresh_token', keyId: 'k1', count: 4 },
    ]);
    expect((await failure(keys.retire('k2'))).message).toMatch(/knows no key|is the primary/);
    expect((await failure(keys.retire('k7'))).message).toMatch(/knows no key "k7"/);
    await keys.rotate(PLAIN);
    expect(await keys.retire('k1')).toEqual({ withdrawn: false });
  });
});

describe('what the database knows of keys', () => {
  it('is nothing for reports, and the service cannot take a retirement back', async () => {
    await stop(await service({ keys: newKey('k1') }));
    for (const table of ['encryption_keys', 'encryption_processes', 'external_credentials']) {
      const rows = withConnection(db.readonly, (client) => client.query(`select * from ${table}`));
      const refused = await failure(
        rows.then(({ rowCount }) =>
          rowCount === 0 ? Promise.reject(new Error('permission denied')) : rowCount,
        ),
      );
      expect(refused.message).toMatch(/permission denied/);
    }
    for (const change of ['retired_at = null', `check_value = repeat('A', 22)`, `id = 'k2'`]) {
      const update = withConnection(db.app, (client) => client.query(`update encryption_keys set ${change}`));
      expect((await failure(update)).message).toMatch(/permission denied/);
    }
  });

  it('holds no key, and nothing that encrypts', async () => {
    const key = newKey('k1');
    await stop(await service({ keys: key }));
    const [row] = await asOwner<{ check_value: string }>(db, 'select check_value from encryption_keys');
    const bytes = Buffer.from(key.slice(3), 'base64url');
    expect(row?.check_value).toHaveLength(22);
    for (const form of ['base64', 'base64url', 'hex'] as const)
      expect(bytes.toString(form)).not.toContain(row?.check_value.slice(0, 8));
  });
});
