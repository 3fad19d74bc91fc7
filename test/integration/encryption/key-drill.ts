import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { EncryptionService } from '../../../src/encryption/encryption.service.js';
import { KeyPresenceService } from '../../../src/keys/key-presence.service.js';
import { KeysService, type RotationOptions } from '../../../src/keys/keys.service.js';
import { waitingForLocks } from '../../support/sql.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { asOwner, makeUser, openProcess, type ProcessOptions } from './keys-support.js';

const QUIET = { onStep: () => undefined, onProgress: () => undefined };
/** Rotates to the configured primary. */
export const PLAIN: RotationOptions = { newKey: null, ...QUIET };
/** Makes a new key first. */
export const NEW_KEY: RotationOptions = { newKey: { timeoutSeconds: 10 }, ...QUIET };

/** The error that a promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('It did not fail.'),
    (error: unknown) => error as Error,
  );
}

/** Comes back once somebody on this database waits for a lock. */
export async function someoneWaits(db: TestDatabase): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if ((await waitingForLocks(db)) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('Nobody waits for a lock.');
}

/** A database, and processes over it that are stopped behind the test. Call {@link useKeyDrill} where hooks may be registered. */
export class KeyDrill {
  private readonly opened = new Map<INestApplicationContext, NodeJS.Timeout | null>();

  constructor(
    readonly db: TestDatabase,
    readonly folder: string,
  ) {}

  /** A command: it has keys and reports nothing. */
  async command(options: ProcessOptions): Promise<KeysService> {
    const app = await openProcess(this.db, options);
    this.opened.set(app, null);
    return app.get(KeysService);
  }

  /** A running process of the service, whose beats come faster than in life. */
  async service(options: ProcessOptions): Promise<INestApplicationContext> {
    const app = await openProcess(this.db, options);
    this.opened.set(app, null);
    const presence = app.get(KeyPresenceService);
    await presence.begin();
    this.opened.set(
      app,
      setInterval(() => void presence.beat(), 100),
    );
    return app;
  }

  async stop(app: INestApplicationContext): Promise<void> {
    clearInterval(this.opened.get(app) ?? undefined);
    this.opened.delete(app);
    await app.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.opened.keys()].map((app) => this.stop(app)));
    await this.db.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Stores rows with an access and a refresh token each. */
  async storeCells(app: INestApplicationContext, rows: number): Promise<void> {
    const userId = await makeUser(this.db, `user-${Math.random().toString(36).slice(2, 10)}`);
    const encryption = app.get(EncryptionService);
    const found = await asOwner<{ id: string }>(
      this.db,
      'select gen_random_uuid() as id from generate_series(1, $1)',
      [rows],
    );
    const ids = found.map(({ id }) => id);
    const cells = (column: string): string[] =>
      ids.map((rowId) =>
        encryption.encrypt({ table: 'external_credentials', column, rowId }, `${column} of ${rowId}`),
      );
    await asOwner(
      this.db,
      `insert into external_credentials (id, user_id, provider, kind, access_token, refresh_token)
       select id, $1, 'p' || replace(id::text, '-', ''), 'oauth', a, r
       from unnest($2::uuid[], $3::text[], $4::text[]) as v (id, a, r)`,
      [userId, ids, cells('access_token'), cells('refresh_token')],
    );
  }

  /** How many cells a process opens. **Errors**: for one that it does not open, or that holds something else than was stored. */
  async readable(app: INestApplicationContext): Promise<number> {
    const rows = await asOwner<{ id: string; access_token: string; refresh_token: string }>(
      this.db,
      'select id, access_token, refresh_token from external_credentials',
    );
    const encryption = app.get(EncryptionService);
    const cells = rows.flatMap(({ id, ...columns }) =>
      Object.entries(columns).map(([column, text]) => ({ rowId: id, column, text })),
    );
    for (const { text, ...cell } of cells) {
      const clear = encryption.decrypt({ table: 'external_credentials', ...cell }, text);
      expect(clear).toBe(`${cell.column} of ${cell.rowId}`);
    }
    return cells.length;
  }
}

/** A drill for each test of a file. */
export function useKeyDrill(): () => KeyDrill {
  let drill: KeyDrill;
  beforeEach(async () => {
    drill = new KeyDrill(await createTestDatabase(), await mkdtemp(join(tmpdir(), 'stockroom-keys-')));
  });
  afterEach(() => drill.close());
  return () => drill;
}
