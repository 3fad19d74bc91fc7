import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MOST_MESSAGES, searchMessages } from '../../../src/chat-history/search/search.queries.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { readingAs } from '../../../src/database/own-rows.queries.js';
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
    `insert into messages (id, conversation_id, owner_id, seq, role, content)
     select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, $2, n, 'user',
       'message ' || n || case when n % 10 = 0 then ' basalt' else '' end
     from generate_series(1, ${MANY}) n`,
    [idOf(0), ownerId],
  );
  await withConnection(db.superuser, (client) => client.query('vacuum (analyze) messages, conversations'));
}, 120_000);
afterAll(() => db.drop());

type Where = Pick<Parameters<typeof searchMessages>[0], 'newest' | 'oldest' | 'after'>;

async function stepsOf(where: Where): Promise<readonly PlanNode[]> {
  const search = searchMessages({ ownerId, text: 'basalt', language: 'english', limit: 20, ...where });
  return withConnection(db.app, (client) => explained(client, readingAs({ userId: ownerId }, search)));
}

describe('a search of somebody with many messages', () => {
  it.each([
    ['the first page', { newest: null, oldest: null, after: null }],
    ['the first page of older ones', { newest: idOf(MANY / 2), oldest: null, after: null }],
    ['a page within', { newest: idOf(MANY / 2), oldest: idOf(MANY / 4), after: ['0.1', idOf(MANY / 3)] }],
  ] as const)('looks through no more than one request may: %s', async (_, where) => {
    const steps = await stepsOf(where);
    const most = { maxRows: MOST_MESSAGES + 1, maxSorted: MOST_MESSAGES + 1 };
    expect(offences(steps, most)).toEqual([]);
    expect(steps.filter((step) => step['Relation Name'] === 'messages').length).toBeGreaterThan(0);
  });
});
