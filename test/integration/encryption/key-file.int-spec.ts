import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { KeysFile } from '../../../src/config/settings.js';
import { EncryptionService } from '../../../src/encryption/encryption.service.js';
import { KeyPresenceService } from '../../../src/keys/key-presence.service.js';
import { RotationRefused } from '../../../src/keys/keys.errors.js';
import { failure, NEW_KEY, useKeyDrill } from './key-drill.js';
import { asOwner, newKey } from './keys-support.js';

const drill = useKeyDrill();

describe('rotation to a new key in a file', () => {
  const files = (['list', 'data-directory'] as const).map((format) => [format] as const);

  async function keysFile(format: KeysFile['format'], keys: string): Promise<KeysFile> {
    const path = join(drill().folder, 'keys');
    const content =
      format === 'list' ? `${keys}\n` : JSON.stringify({ appPassword: 'kept', encryptionKeys: keys });
    await writeFile(path, content, { mode: 0o600 });
    return { path, format };
  }

  it.each(files)('is one command beside running processes (%s)', async (format) => {
    const keys = newKey('prod-1');
    const file = await keysFile(format, keys);
    const [one, two] = [
      await drill().service({ keys, keysFile: file }),
      await drill().service({ keys, keysFile: file }),
    ];
    const processes = [one, two];
    await drill().storeCells(one, 50);
    const rotating = await drill().command({ keys, keysFile: file });
    expect(await rotating.rotate(NEW_KEY)).toMatchObject({ primary: 'prod-2', rotated: 100, unreadable: 0 });
    for (const app of processes) {
      expect(app.get(EncryptionService).keyIds).toEqual(['prod-2', 'prod-1']);
      expect(await drill().readable(app)).toBe(100);
    }
    expect(await rotating.retire('prod-1')).toEqual({ withdrawn: true });
    const content = await readFile(file.path, 'utf8');
    expect(content).toContain('prod-2:');
    expect(content).not.toContain('prod-1:');
    if (format === 'data-directory') expect(JSON.parse(content)).toMatchObject({ appPassword: 'kept' });
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    await Promise.all(processes.map((app) => app.get(KeyPresenceService).beat()));
    expect(two.get(EncryptionService).keyIds).toEqual(['prod-2']);
    expect(await drill().readable(two)).toBe(100);
  });

  it('goes on with the key that a broken-off call left in the file', async () => {
    const keys = newKey('k1');
    const file = await keysFile('list', keys);
    const deaf = await drill().service({ keys });
    const rotating = await drill().command({ keys, keysFile: file });
    const broken = await failure(rotating.rotate({ ...NEW_KEY, newKey: { timeoutSeconds: 0 } }));
    expect(broken).toBeInstanceOf(RotationRefused);
    expect(broken.message).toMatch(/did not take over the key file/);
    const [first, second] = (await readFile(file.path, 'utf8')).trim().split(',');
    expect(first).toBe(keys);
    expect(second).toMatch(/^k-2:/);
    await drill().stop(deaf);
    expect(await rotating.rotate(NEW_KEY)).toMatchObject({ primary: 'k-2' });
    expect((await readFile(file.path, 'utf8')).trim()).toBe(`${second},${first}`);
  });

  it('goes on with the key that a broken-off call has put first, while values under an older one can be read', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k-2')];
    const file = await keysFile('list', k1);
    const service = await drill().service({ keys: k1, keysFile: file });
    await drill().storeCells(service, 5);
    await writeFile(file.path, `${k2},${k1}`);
    await service.get(KeyPresenceService).beat();
    const again = await drill().command({ keys: `${k2},${k1}`, keysFile: file });
    expect(await again.rotate(NEW_KEY)).toMatchObject({ primary: 'k-2', rotated: 10, left: 0 });
    expect(await readFile(file.path, 'utf8')).toMatch(/^k-2:[^,]*,k1:[^,]*$/);
    await asOwner(
      drill().db,
      `update external_credentials set access_token = overlay(replace(access_token, 'v1.k-2.', 'v1.k1.') placing 'AAAA' from 30)
       where id = (select min(id::text)::uuid from external_credentials)`,
    );
    expect(await again.rotate(NEW_KEY)).toMatchObject({ primary: 'k-3', rotated: 9, unreadable: 1 });
  });

  it('takes no key that only reads for the new one', async () => {
    const [k1, k0] = [newKey('k1'), newKey('k0')];
    const file = await keysFile('list', `${k1},${k0}`);
    const rotating = await drill().command({ keys: `${k1},${k0}`, keysFile: file });
    expect(await rotating.rotate(NEW_KEY)).toMatchObject({ primary: 'k-2' });
    expect(await rotating.rotate(NEW_KEY)).toMatchObject({ primary: 'k-3' });
  });

  it('needs a file', async () => {
    const error = await failure((await drill().command({ keys: newKey('k1') })).rotate(NEW_KEY));
    expect(error).toBeInstanceOf(RotationRefused);
    expect(error.message).toMatch(/come from the environment/);
  });

  it('keeps the old keys in force while the file is damaged', async () => {
    const keys = newKey('k1');
    const file = await keysFile('list', keys);
    const app = await drill().service({ keys, keysFile: file });
    await drill().storeCells(app, 3);
    for (const damage of ['', 'k1:short', newKey('k1'), newKey('k9'), `${keys},`]) {
      await writeFile(file.path, damage);
      await app.get(KeyPresenceService).beat();
      expect(app.get(EncryptionService).keyIds).toEqual(['k1']);
      expect(await drill().readable(app)).toBe(6);
    }
    const more = newKey('k2');
    await writeFile(file.path, `${more},${keys}`);
    // One that was under way may have read the file before.
    for (let tries = 0; tries < 5 && app.get(EncryptionService).keyIds.length < 2; tries++)
      await app.get(KeyPresenceService).beat();
    expect(app.get(EncryptionService).keyIds).toEqual(['k2', 'k1']);
  });
});
