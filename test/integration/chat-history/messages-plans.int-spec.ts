import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { conversationPage } from '../../../src/chat-history/conversations/conversations.queries.js';
import {
  messagePage,
  messagePageStamp,
  plainMessagePage,
} from '../../../src/chat-history/messages/messages.queries.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { actingAs } from '../../../src/database/own-rows.queries.js';
import { driverQuery, type Statement } from '../../../src/database/statement.js';
import { storeUser } from '../../factories/users.js';
import { asOwner } from '../../support/sql.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { explained, offences } from '../explain/plans.js';

const MESSAGES = 2_000;
/** Conversations of that many, written to in turns. */
const LONG = 10;
const LIMIT = 20;
/** Of a statement by name, PostgreSQL plans the first for their values. */
const TRIED = 5;
const CALLS = 12;
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
     select gen_random_uuid(), c.id, $1, n, 'user', repeat('message ' || n || ' ', 30)
     from conversations c cross join generate_series(1, $2) n
     where c.id <= $3
     order by n, c.id`,
    [ownerId, MESSAGES, idOf(LONG)],
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

/** How often PostgreSQL planned a statement anew for the values of a call. */
async function plannedAnew(statement: Statement): Promise<number> {
  const query = driverQuery(actingAs({ userId: ownerId }, statement), true);
  return withConnection(db.app, async (client) => {
    for (let call = 0; call < CALLS; call++) await client.query(query);
    const { rows } = await client.query<{ custom: number }>(
      'select custom_plans::int as custom from pg_prepared_statements',
    );
    return rows[0]?.custom ?? NaN;
  });
}

describe('a page that is asked for often', () => {
  const statements = (): readonly (readonly [string, Statement])[] => {
    const page = { conversationId: idOf(2), ownerId, order: 'desc', after: null, limit: LIMIT } as const;
    return [
      plainMessagePage(page),
      plainMessagePage(page, true),
      messagePage(page),
      messagePageStamp(page, false),
      messagePageStamp(page, true),
    ].map((statement) => [statement.name, statement]);
  };

  it('is planned five times for its values, as any statement, and then once for all', async () => {
    for (const [name, statement] of statements())
      expect([name, await plannedAnew(statement)]).toEqual([name, TRIED]);
  });

  it('control: would be planned each time, could a plan know the limit', async () => {
    const known = statements().map(([, { text, ...rest }]) => ({
      ...rest,
      text: text.replaceAll('(select $4::int)', '$4'),
    }));
    const planned = await Promise.all(known.map(async (statement) => plannedAnew(statement)));
    expect(Math.max(...planned)).toBe(CALLS);
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
