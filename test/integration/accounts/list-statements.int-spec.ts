import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { AccountsService } from '../../../src/accounts/accounts.service.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import { storeUser } from '../../factories/users.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const PEOPLE = 120;
const SESSIONS_EACH = 3;
const LISTED = { active: null, role: 'USER' as const, q: null, cursor: undefined };
const CURRENT = { currentId: uuidv7() };

let service: TestApp;
let accounts: AccountsService;
let statements: { readonly mock: { readonly calls: readonly unknown[][] } };

beforeAll(async () => {
  service = await startTestApp();
  accounts = service.app.get(AccountsService);
  for (let made = 0; made < PEOPLE; made++) {
    const { id } = await storeUser(service.db.owner);
    await storeSessions(id);
  }
});
afterAll(() => service.close());
beforeEach(() => {
  statements = jest.spyOn(pg.Client.prototype, 'query');
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** Live sessions, and one that was revoked. */
async function storeSessions(userId: string): Promise<void> {
  await withConnection(service.db.owner, async (client) => {
    for (let made = 0; made <= SESSIONS_EACH; made++) {
      await client.query(
        `insert into sessions (id, user_id, token_hash, authenticated_at, idle_expires_at, expires_at, revoked_at)
         values ($1, $2, $3, now(), now() + interval '1 hour', now() + interval '1 day', $4)`,
        [uuidv7(), userId, randomBytes(32), made === SESSIONS_EACH ? new Date() : null],
      );
    }
  });
}

describe('a list of people with their sessions', () => {
  it.each([1, 10, 100])('takes two statements for a page of %d', async (limit) => {
    const { data } = await accounts.list({ ...LISTED, limit }, CURRENT);
    expect(statements.mock.calls).toHaveLength(2);
    expect(data).toHaveLength(limit);
    for (const { sessions } of data) expect(sessions).toHaveLength(SESSIONS_EACH);
  });

  it('takes one statement without sessions, and none for an empty page', async () => {
    await accounts.list({ ...LISTED, limit: 100 }, null);
    expect(statements.mock.calls).toHaveLength(1);
    const { data } = await accounts.list({ ...LISTED, q: 'nobody is called that', limit: 100 }, CURRENT);
    expect(data).toEqual([]);
    expect(statements.mock.calls).toHaveLength(2);
  });

  it('would take one more for each person if they were asked for one by one', async () => {
    const sessions = service.app.get(SessionsService);
    const { data } = await accounts.list({ ...LISTED, limit: 10 }, null);
    for (const { id } of data) await sessions.liveOf([id]);
    expect(statements.mock.calls).toHaveLength(11);
  });
});
