import { describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { withConnection } from '../../../src/database/direct-connection.js';
import { EncryptionService } from '../../../src/encryption/encryption.service.js';
import { EncryptionKeyMissing, EncryptionKeyRetired } from '../../../src/encryption/encryption.errors.js';
import { CredentialsService } from '../../../src/credentials/credentials.service.js';
import { KeyPresenceService } from '../../../src/keys/key-presence.service.js';
import { failure, PLAIN, useKeyDrill } from './key-drill.js';
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

async function store(app: INestApplicationContext, userId: string): Promise<unknown> {
  return app.get(CredentialsService).store(
    {
      user: { userId, sessionId: null, recentlyAuthenticated: true } as never,
      origin: null as never,
    },
    { provider: 'quotes', content: { kind: 'api-key', apiKey: 'sk-0123456789abcdef' }, ifMatch: undefined },
  );
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
      await waitingForLock();
      await client.query('commit');
      return outcome;
    });
    expect(retiring.message).toMatch(/^1 values are left under "k1"/);
  });
});

async function waitingForLock(): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    // Not as the owning role: it is not shown what other sessions wait for.
    const { rows } = await withConnection(drill().db.owner, (client) =>
      client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      ),
    );
    const [row] = rows;
    if ((row?.n ?? 0) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('Nobody waits for the writer.');
}
