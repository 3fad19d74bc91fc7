import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { searchMessages } from '../../../src/chat-history/search/search.queries.js';
import { clientConfig } from '../../../src/database/direct-connection.js';
import { storeUser } from '../../factories/users.js';
import { asOwner } from '../../support/sql.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { processorTime, type ProcessorTime } from './processor-time.js';

/** The longest query that is taken. **Units**: characters. */
const LONGEST = 1_000;

/** A query eight times as long may take so many times as long: eight and more for what looks at each match with each word of it. */
const MOST = 4;

const CONTENT = 'x '.repeat(32_768);
const MANY_WORDS = Array.from({ length: 12_000 }, (_, n) => `w${n % 300}`).join(' ');

let db: TestDatabase;
let client: Client;
let processorMs: ProcessorTime;
let ownerId: string;

beforeAll(async () => {
  db = await createTestDatabase();
  ownerId = (await storeUser(db.owner)).id;
  await asOwner(
    db,
    `with chat as (insert into conversations (id, user_id, last_seq) values (gen_random_uuid(), $1, 2) returning id)
     insert into messages (id, conversation_id, owner_id, seq, role, content)
     select gen_random_uuid(), chat.id, $1, place, 'user', content from chat, unnest($2::text[]) with ordinality m (content, place)`,
    [ownerId, [CONTENT, MANY_WORDS]],
  );
  client = new Client(clientConfig(db.superuser));
  await client.connect();
  processorMs = await processorTime(client);
});
afterAll(async () => {
  await client.end();
  await db.drop();
});

const page = { language: 'english', newest: null, oldest: null, after: null, limit: 20 } as const;

async function searchMs(text: string): Promise<number> {
  const search = searchMessages({ ...page, ownerId, text });
  const { rows } = await client.query<{ marked: string | null }>(search.text, [...search.values]);
  expect(rows[0]?.marked).toEqual(expect.any(String));
  return processorMs(search.text, search.values);
}

const headlineMs = async (text: string): Promise<number> =>
  processorMs(`select ts_headline('english', $1, websearch_to_tsquery('english', $2), 'MaxFragments=2')`, [
    CONTENT.slice(0, 1_024),
    text,
  ]);

/** How many times as long a query of eight times the words takes. */
async function growth(msOf: (text: string) => Promise<number>, words: readonly string[]): Promise<number> {
  return (await msOf(words.join(''))) / (await msOf(words.slice(0, words.length / 8).join('')));
}

const asLongAsMayBe = (part: string): readonly string[] =>
  Array<string>(Math.floor(LONGEST / part.length)).fill(part);

describe('a search for very many words', () => {
  it('would take as many times as long to mark, which is what these tests would see', async () => {
    // Not as many as may be: of 200 such words PostgreSQL 15 marks 1,024 characters in more than 20 seconds.
    expect(await growth(headlineMs, Array<string>(64).fill('x '))).toBeGreaterThan(MOST);
  });

  it.each([
    ['one again and again', asLongAsMayBe('x ')],
    ['one again and again, whichever', asLongAsMayBe('x or ')],
    ['one again and again, behind signs', asLongAsMayBe('&#x')],
    // Of each word no more than 256 places are kept.
    ['a phrase of one', ['"', ...Array<string>(199).fill('x ')]],
    ['one and others that must not occur', ['x ', ...asLongAsMayBe('-y ')]],
    ['none but those that must not occur', asLongAsMayBe('-y ')],
    ['all different', Array.from({ length: 200 }, (_, n) => `w${n} `)],
    ['all different, whichever', Array.from({ length: 130 }, (_, n) => `w${n} or `)],
  ])('takes no longer for their number: %s', async (_, words) => {
    expect(await growth(searchMs, words)).toBeLessThan(MOST);
  });
});
