import { describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { KeyRingError } from '../../../src/encryption/encryption.errors.js';
import { EncryptionService } from '../../../src/encryption/encryption.service.js';
import { failure, someoneWaits, useKeyDrill } from './key-drill.js';
import { asOwner, newKey } from './keys-support.js';

const drill = useKeyDrill();

describe('a start', () => {
  it('is refused with another key under a known id', async () => {
    await drill().stop(await drill().service({ keys: newKey('k1') }));
    const error = await failure(drill().service({ keys: newKey('k1') }));
    expect(error).toBeInstanceOf(KeyRingError);
    expect(error.message).toMatch(/"k1" is not the one that this database knows/);
  });

  it('is refused without a key that values may be under, and let through once that key is retired', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    await drill().stop(await drill().service({ keys: k1 }));
    const error = await failure(drill().service({ keys: k2 }));
    expect(error).toBeInstanceOf(KeyRingError);
    expect(error.message).toMatch(/may hold values under the encryption key "k1", which is missing/);
    await (await drill().command({ keys: `${k2},${k1}` })).retire('k1');
    await drill().stop(await drill().service({ keys: k2 }));
    expect((await failure(drill().service({ keys: `${k1},${k2}` }))).message).toMatch(/"k1" was retired/);
  });

  it('waits for a retirement of its first key that is at work, and is refused after it', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    await drill().stop(await drill().service({ keys: `${k1},${k2}` }));
    const refused = await withConnection(drill().db.owner, async (client) => {
      await client.query('set role stockroom_owner');
      await client.query('begin');
      await client.query(`select from encryption_keys where id = 'k1' for update`);
      const outcome = failure(drill().service({ keys: `${k1},${k2}` }));
      await someoneWaits(drill().db);
      await client.query(`update encryption_keys set retired_at = now() where id = 'k1'`);
      await client.query('commit');
      return outcome;
    });
    expect(refused.message).toMatch(/"k1" was retired/);
  });

  it('does not miss a key that never encrypted', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    await drill().stop(await drill().service({ keys: `${k1},${k2}` }));
    const now = await drill().service({ keys: k1 });
    expect(now.get(EncryptionService).keyIds).toEqual(['k1']);
  });

  it('of two processes with different keys of one id succeeds for one of them at most', async () => {
    const started = await Promise.allSettled(
      Array.from({ length: 6 }, () => drill().service({ keys: newKey('k1') })),
    );
    expect(started.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    for (const result of started) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(KeyRingError);
    }
    expect(await asOwner(drill().db, 'select count(*)::int as n from encryption_keys')).toEqual([{ n: 1 }]);
  });
});

describe('what the database knows of keys', () => {
  it('is nothing for reports, and the service cannot take a retirement back', async () => {
    await drill().stop(await drill().service({ keys: newKey('k1') }));
    for (const table of ['encryption_keys', 'encryption_processes', 'external_credentials']) {
      const rows = withConnection(drill().db.readonly, (client) => client.query(`select * from ${table}`));
      const refused = await failure(
        rows.then(({ rowCount }) =>
          rowCount === 0 ? Promise.reject(new Error('permission denied')) : rowCount,
        ),
      );
      expect(refused.message).toMatch(/permission denied/);
    }
    for (const change of ['retired_at = null', `check_value = repeat('A', 22)`, `id = 'k2'`]) {
      const update = withConnection(drill().db.app, (client) =>
        client.query(`update encryption_keys set ${change}`),
      );
      expect((await failure(update)).message).toMatch(/permission denied/);
    }
  });

  it('holds no key, and nothing that encrypts', async () => {
    const key = newKey('k1');
    await drill().stop(await drill().service({ keys: key }));
    const [row] = await asOwner<{ check_value: string }>(
      drill().db,
      'select check_value from encryption_keys',
    );
    const bytes = Buffer.from(key.slice(3), 'base64url');
    expect(row?.check_value).toHaveLength(22);
    for (const form of ['base64', 'base64url', 'hex'] as const)
      expect(bytes.toString(form)).not.toContain(row?.check_value.slice(0, 8));
  });
});
