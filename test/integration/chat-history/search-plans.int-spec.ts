import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MessagePlace } from '../../../src/chat-history/messages/message-place.queries.js';
import { MOST_MESSAGES, searchMessages } from '../../../src/chat-history/search/search.queries.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { actingAs } from '../../../src/database/own-rows.queries.js';
import { storeUser } from '../../factories/users.js';
import { asOwner } from '../../support/sql.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { explained, offences, type PlanNode } from '../explain/plans.js';

const MANY = 30_000;
const idOf = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;

let db: TestDatabase;
let ownerId: string;
beforeAll(async () => {
  db = await createTestDatabase();
  ownerId = (await storeUser(db.owner)).id;
  await asOwner(db, 'insert into conversations (id, user_id, last_seq) values ($1, $2, $3)', [
    ...[idOf(0), ownerId, MANY],
  ]);
  // So many that reading all of them would be worse than looking for one.
  await asOwner(
    db,
    `insert into conversations (id, user_id) select gen_random_uuid(), $1 from generate_series(1, 5000)`,
    [ownerId],
  );
  await asOwner(
    db,
    // Ids in no order, as clients make them.
    `insert into messages (id, conversation_id, owner_id, seq, role, content, created_at)
     select gen_random_uuid(), $1, $2, n, 'user',
       'message ' || n || case when n % 10 = 0 then ' basalt' else '' end,
       timestamptz '2024-01-01Z' + make_interval(secs => n * 0.001)
     from generate_series(1, ${MANY}) n`,
    [idOf(0), ownerId],
  );
  // And twice as many of twenty others at the same time: who looks for one's own by their time alone finds theirs as well.
  for (let n = 1; n <= 20; n++) {
    const other = (await storeUser(db.owner)).id;
    await asOwner(db, 'insert into conversations (id, user_id, last_seq) values ($1, $2, $3)', [
      ...[idOf(n), other, MANY],
    ]);
    await asOwner(
      db,
      `insert into messages (id, conversation_id, owner_id, seq, role, content, created_at)
       select gen_random_uuid(), $1, $2, seq, role, 'basalt', created_at
       from messages where conversation_id = $3 and seq % 10 = 0`,
      [idOf(n), other, idOf(0)],
    );
  }
  await withConnection(db.superuser, (client) => client.query('vacuum (analyze) messages, conversations'));
}, 120_000);
afterAll(() => db.drop());

/** Where message `n` stands, whatever its id is. */
const placeOf = (n: number): MessagePlace => [
  new Date(Date.UTC(2024, 0, 1) + n).toISOString(),
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
];

type Where = Pick<Parameters<typeof searchMessages>[0], 'newest' | 'oldest' | 'after'>;

async function stepsOf(where: Where): Promise<readonly PlanNode[]> {
  const search = searchMessages({ ownerId, text: 'basalt', language: 'english', limit: 20, ...where });
  return withConnection(db.app, (client) => explained(client, actingAs({ userId: ownerId }, search)));
}

describe('a search of somebody with many messages', () => {
  it.each([
    ['the first page', { newest: null, oldest: null, after: null }],
    ['the first page of older ones', { newest: placeOf(MANY / 2), oldest: null, after: null }],
    [
      'a page within',
      {
        ...{ newest: placeOf(MANY / 2), oldest: placeOf(MANY / 4) },
        after: ['0.1', ...placeOf(MANY / 3)],
      },
    ],
  ] as const)('looks through no more than one request may: %s', async (_, where) => {
    const steps = await stepsOf(where);
    const most = { maxRows: MOST_MESSAGES + 1, maxSorted: MOST_MESSAGES + 1 };
    expect(offences(steps, most)).toEqual([]);
    expect(steps.filter((step) => step['Relation Name'] === 'messages').length).toBeGreaterThan(0);
  });
});
