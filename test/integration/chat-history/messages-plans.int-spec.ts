import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { conversationPage } from '../../../src/chat-history/conversations/conversations.queries.js';
import {
  messagePage,
  messagePageStamp,
  plainMessagePage,
} from '../../../src/chat-history/messages/messages.queries.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { actingAs } from '../../../src/database/own-rows.queries.js';
import type { Statement } from '../../../src/database/statement.js';
import { storeUser } from '../../factories/users.js';
import { asOwner } from '../../support/sql.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { explained, offences } from '../explain/plans.js';

const MESSAGES = 4_000;
const LIMIT = 20;
const idOf = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const FORK = idOf(900);

let db: TestDatabase;
let ownerId: string;
beforeAll(async () => {
  db = await createTestDatabase();
  ownerId = (await storeUser(db.owner)).id;
  await asOwner(
    db,
    `insert into conversations (id, user_id, last_seq, last_activity_at)
     select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, $2, now() - n * interval '1 minute'
     from generate_series(1, 400) n`,
    [ownerId, MESSAGES],
  );
  await asOwner(
    db,
    `insert into messages (id, conversation_id, owner_id, seq, role, content)
     select gen_random_uuid(), c.id::uuid, $1, n, 'user', 'message ' || n
     from unnest($2::uuid[]) c (id) cross join generate_series(1, $3) n`,
    [ownerId, [idOf(1), idOf(2)], MESSAGES],
  );
  await asOwner(
    db,
    'insert into conversations (id, user_id, parent_id, fork_seq, last_seq) values ($1, $2, $3, $4, $4)',
    [FORK, ownerId, idOf(1), MESSAGES - 100],
  );
  await withConnection(db.superuser, (client) => client.query('vacuum (analyze) messages, conversations'));
}, 60_000);
afterAll(() => db.drop());

/** What is wrong with the plan of a statement that reads as the owner. */
async function wrong(statement: Statement): Promise<readonly string[]> {
  const steps = await withConnection(db.app, (client) =>
    explained(client, actingAs({ userId: ownerId }, statement)),
  );
  expect(steps.some((step) => step['Relation Name'] !== undefined)).toBe(true);
  return offences(steps, { maxRows: LIMIT + 1, maxSorted: LIMIT + 1 });
}

describe('a page of a long conversation', () => {
  it.each([
    ['the first', 'asc', null],
    ['one in the middle', 'asc', MESSAGES / 2],
    ['the newest', 'desc', null],
    ['one in the middle, downwards', 'desc', MESSAGES / 2],
    ['the last, downwards', 'desc', LIMIT + 1],
  ] as const)('reads no other message: %s', async (_, order, after) => {
    const page = { conversationId: idOf(2), ownerId, order, after, limit: LIMIT };
    for (const stamped of [false, true]) {
      expect(await wrong(plainMessagePage(page, stamped))).toEqual([]);
      expect(await wrong(messagePage(page, stamped))).toEqual([]);
    }
    for (const quotes of [false, true]) expect(await wrong(messagePageStamp(page, quotes))).toEqual([]);
    expect(await wrong(messagePage({ ...page, conversationId: FORK }))).toEqual([]);
  });
});

describe('a page of many conversations', () => {
  it('reads no other conversation', async () => {
    const page = { ownerId, archived: null, pinned: null, limit: LIMIT };
    expect(await wrong(conversationPage({ ...page, after: null }))).toEqual([]);
    const after = [new Date(Date.now() - 200 * 60_000).toISOString(), idOf(1)] as const;
    expect(await wrong(conversationPage({ ...page, after }))).toEqual([]);
  });
});
