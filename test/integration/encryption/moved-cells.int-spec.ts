import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CredentialUnreadable } from '../../../src/credentials/credentials.errors.js';
import type { CredentialsService, Actor } from '../../../src/credentials/credentials.service.js';
import type { TestDatabase } from '../../support/test-database.js';
import { DecryptionError } from '../../../src/encryption/encryption.errors.js';
import { CLEAR, failure, openCredentials, type CredentialsTest } from '../credentials/credentials-support.js';
import { asOwner } from './keys-support.js';

let test: CredentialsTest;
let db: TestDatabase;
let credentials: CredentialsService;
let ann: Actor;
let bob: Actor;
let put: CredentialsTest['put'];

beforeAll(async () => {
  test = await openCredentials();
  ({ db, credentials, ann, bob, put } = test);
});
afterAll(() => test.close());
beforeEach(async () => {
  await asOwner(db, 'delete from external_credentials');
});

describe('stored secrets, moved about by whoever writes to the database', () => {
  it('open in their own cell alone: every ordered pair of cells', async () => {
    const columns = ['api_key', 'access_token', 'refresh_token'] as const;
    const oauth = (n: number) => ({
      kind: 'oauth' as const,
      accessToken: `access ${n}`,
      refreshToken: `refresh ${n}`,
    });
    for (const [n, who] of [ann, bob].entries()) {
      await put(who, 'key-1', `key 1 of ${n}`);
      await put(who, 'key-2', `key 2 of ${n}`);
      await credentials.store(who, { provider: 'oauth', content: oauth(n), ifMatch: undefined });
    }
    const rows = await asOwner<Record<'id' | (typeof columns)[number], string | null>>(
      db,
      'select id, api_key, access_token, refresh_token from external_credentials',
    );
    const cells = rows.flatMap((row) =>
      columns.flatMap((column) => (row[column] === null ? [] : [{ id: row.id, column, text: row[column] }])),
    );
    expect(cells).toHaveLength(8);
    let refused = 0;
    for (const to of cells) {
      for (const from of cells) {
        await asOwner(db, `update external_credentials set ${to.column} = $1 where id = $2`, [
          from.text,
          to.id,
        ]);
        const answers = await Promise.all(
          [ann, bob].flatMap((who) =>
            ['key-1', 'key-2', 'oauth'].map((provider) => failure(credentials.reveal(who, provider))),
          ),
        );
        const broken = answers.filter((error) => error !== null);
        if (to === from) expect(broken).toEqual([]);
        else expect(broken).toEqual([expect.any(CredentialUnreadable)]);
        refused += broken.length;
        await asOwner(db, `update external_credentials set ${to.column} = $1 where id = $2`, [
          to.text,
          to.id,
        ]);
      }
    }
    expect(refused).toBe(8 * 7);
  }, 60_000);

  it('are not replaced by plain text, Fernet tokens or nothing that looks right', async () => {
    await put(ann, 'quotes', CLEAR);
    for (const planted of [
      'sk-planted',
      'gAAAAABlU_EA',
      'v1.k1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA',
      'v2.k1.a.b',
      '',
    ]) {
      await asOwner(db, 'update external_credentials set api_key = $1', [planted]);
      const error = await failure(credentials.reveal(ann, 'quotes'));
      expect(error).toBeInstanceOf(CredentialUnreadable);
      expect((error as CredentialUnreadable).cause).toBeInstanceOf(DecryptionError);
    }
  });
});
