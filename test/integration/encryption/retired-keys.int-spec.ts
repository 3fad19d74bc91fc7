import { describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { withConnection } from '../../../src/database/direct-connection.js';
import { EncryptionService } from '../../../src/encryption/encryption.service.js';
import { EncryptionKeyMissing, EncryptionKeyRetired } from '../../../src/encryption/encryption.errors.js';
import { CredentialsService, type Actor } from '../../../src/credentials/credentials.service.js';
import { KeyPresenceService } from '../../../src/keys/key-presence.service.js';
import { failure, PLAIN, someoneWaits, useKeyDrill } from './key-drill.js';
import { asOwner, makeUser, newKey, openProcess } from './keys-support.js';

const drill = useKeyDrill();
const CELL = { table: 'external_credentials', column: 'api_key', rowId: '1' };
const SUSPENDED = `update encryption_processes set last_seen_at = now() - interval '31 seconds'`;

/** A process that has begun and then hears nothing any more: no beat of its own within the test. */
async function suspended(keys: string): Promise<INestApplicationContext> {
  const app = await openProcess(drill().db, { keys });
  await app.get(KeyPresenceService).begin();
  await asOwner(drill().db, SUSPENDED);
  return app;
}

const actorOf = (userId: string): Actor => ({
  user: { userId, sessionId: null, recentlyAuthenticated: true } as never,
  origin: null as never,
});

async function store(app: INestApplicationContext, userId: string): Promise<unknown> {
  return app.get(CredentialsService).store(actorOf(userId), {
    provider: 'quotes',
    content: { kind: 'api-key', apiKey: 'sk-0123456789abcdef' },
    ifMatch: undefined,
  });
}

describe('a process that was suspended while its key was retired', () => {
  it('stores nothing under that key, from the first moment on', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const app = await suspended(`${k1},${k2}`);
    try {
      const keys = await drill().command({ keys: `${k2},${k1}` });
      await keys.rotate(PLAIN);
      await keys.retire('k1');
      const userId = await makeUser(drill().db, 'woken');
      const refused = await failure(store(app, userId));
      expect(refused).toBeInstanceOf(EncryptionKeyRetired);
      expect(refused).toMatchObject({ kind: 'unavailable', code: 'encryption-key-retired' });
      expect(await asOwner(drill().db, 'select 1 from external_credentials')).toEqual([]);
    } finally {
      await app.close();
    }
  });

  it('stops to encrypt and is not ready with its next beat, and says why', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const app = await suspended(`${k1},${k2}`);
    try {
      const encryption = app.get(EncryptionService);
      expect(encryption.fault).toBeNull();
      const keys = await drill().command({ keys: `${k2},${k1}` });
      await keys.rotate(PLAIN);
      await keys.retire('k1');
      await app.get(KeyPresenceService).beat();
      expect(encryption.fault).toBe('retired');
      expect(() => encryption.encrypt(CELL, 'clear')).toThrow(EncryptionKeyRetired);
    } finally {
      await app.close();
    }
  });

  it('lacks a key that others write with by now: says so, and is well again once they are gone', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const app = await suspended(k1);
    try {
      await drill().service({ keys: `${k2},${k1}` });
      await app.get(KeyPresenceService).beat();
      const encryption = app.get(EncryptionService);
      expect(encryption.fault).toBe('missing');
      expect(() => encryption.encrypt(CELL, 'clear')).toThrow(EncryptionKeyMissing);
      await asOwner(drill().db, `update encryption_keys set primary_at = null where id = 'k2'`);
      await app.get(KeyPresenceService).beat();
      expect(encryption.fault).toBeNull();
    } finally {
      await app.close();
    }
  });
});

describe('a start with a new key in front', () => {
  it('goes on writing with the old one until every running process can read the new one', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await drill().service({ keys: k1 });
    const early = await drill().service({ keys: `${k2},${k1}` });
    await early.get(KeyPresenceService).beat();
    expect(early.get(EncryptionService).keyIds).toEqual(['k1', 'k2']);
    await drill().storeCells(early, 3);
    await old.get(KeyPresenceService).beat();
    expect(old.get(EncryptionService).fault).toBeNull();
    expect(await drill().readable(old)).toBe(6);
    await drill().stop(old);
    await early.get(KeyPresenceService).beat();
    expect(early.get(EncryptionService).keyIds).toEqual(['k2', 'k1']);
  });

  it('is refused, by name, when a running process can read none of its keys', async () => {
    const keys = newKey('k1');
    await drill().service({ keys });
    await asOwner(drill().db, `update encryption_keys set primary_at = null`);
    const refused = await failure(drill().service({ keys: newKey('k2') }));
    expect(refused.message).toMatch(new RegExp(`process ${process.pid} on .* cannot read the key "k2"`));
  });

  it('of several at once never leaves one that writes what another cannot read', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const started = await Promise.allSettled(
      Array.from({ length: 6 }, (_, n) => drill().service({ keys: n % 2 === 0 ? k1 : `${k2},${k1}` })),
    );
    const apps = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(apps.length).toBeGreaterThan(0);
    const rings = apps.map((app) => app.get(EncryptionService).keyIds);
    for (const [writer = ''] of rings) for (const ring of rings) expect(ring).toContain(writer);
  });

  it('does not tell anybody that a secret is lost which only this process cannot read', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    const old = await suspended(k1);
    try {
      const userId = await makeUser(drill().db, 'reader');
      await store(await drill().service({ keys: `${k2},${k1}` }), userId);
      const reveal = (): Promise<Error> =>
        failure(old.get(CredentialsService).reveal(actorOf(userId), 'quotes'));
      expect(await reveal()).toMatchObject({ kind: 'unavailable', code: 'encryption-key-missing' });
      await asOwner(
        drill().db,
        `update external_credentials set api_key = replace(api_key, 'v1.k2.', 'v1.k9.')`,
      );
      expect(await reveal()).toMatchObject({ kind: 'refused', code: 'credential-unreadable' });
    } finally {
      await old.close();
    }
  });
});

describe('the database', () => {
  const cell = (id: string): string => `v1.${id}.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA`;
  const insert = (userId: string, id: string): Promise<unknown> =>
    asOwner(
      drill().db,
      `insert into external_credentials (id, user_id, provider, kind, access_token)
       values (gen_random_uuid(), $1, 'p-' || $2, 'oauth', $3)`,
      [userId, id, cell(id)],
    );

  it('refuses each secret column under a retired key, on insert and on update, and nothing else', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    await drill().stop(await drill().service({ keys: k1 }));
    const userId = await makeUser(drill().db, 'anyone');
    await insert(userId, 'k1');
    await asOwner(drill().db, `update encryption_keys set retired_at = now() where id = 'k1'`);
    expect((await failure(insert(userId, 'k1'))).message).toMatch(/"k1" was retired/);
    await asOwner(
      drill().db,
      `update external_credentials set label = 'untouched', access_token = access_token`,
    );
    for (const column of ['api_key', 'access_token', 'refresh_token']) {
      const update = asOwner(drill().db, `update external_credentials set ${column} = $1 || 'A'`, [
        cell('k1'),
      ]);
      expect((await failure(update)).message).toMatch(/"k1" was retired/);
    }
    await drill().stop(await drill().service({ keys: k2 }));
    await insert(userId, 'k2');
  });

  it('lets a retirement wait for a value that is being written under the key', async () => {
    const [k1, k2] = [newKey('k1'), newKey('k2')];
    await drill().stop(await drill().service({ keys: k1 }));
    const userId = await makeUser(drill().db, 'slow');
    const keys = await drill().command({ keys: `${k2},${k1}` });
    const retiring = await withConnection(drill().db.owner, async (client) => {
      await client.query('set role stockroom_owner');
      await client.query('begin');
      await client.query(
        `insert into external_credentials (id, user_id, provider, kind, access_token)
         values (gen_random_uuid(), $1, 'p', 'oauth', $2)`,
        [userId, cell('k1')],
      );
      const outcome = failure(keys.retire('k1'));
      await someoneWaits(drill().db);
      await client.query('commit');
      return outcome;
    });
    expect(retiring.message).toMatch(/^1 values are left under "k1"/);
  });
});
