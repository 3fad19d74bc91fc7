import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { messagesCiting } from '../../../src/chat-history/citations/citing-messages.queries.js';
import {
  affectedCitations,
  countAffected,
  restatedCitations,
} from '../../../src/chat-history/citations/restated.queries.js';
import { newestLate } from '../../../src/chat-history/citations/late-citations.queries.js';
import { restatedEvents } from '../../../src/chat-history/events/restated-events.queries.js';
import { behindLate } from '../../../src/chat-history/events/stream/event-position.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { actAs } from '../../../src/database/own-rows.queries.js';
import type { RowOwner } from '../../../src/database/own-rows.js';
import type { Statement } from '../../../src/database/statement.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { explained, offences } from '../explain/plans.js';

/** What one owner has beyond {@link PER_OWNER}, all of which cite the same and a few something else, too. */
const MANY = 30_000;
const OWNERS = 20;
const PER_OWNER = 1_000;
const SYMBOLS = 200;
const DAYS = 100;

let db: TestDatabase;
let owner: string;

beforeAll(async () => {
  db = await createTestDatabase();
  await withConnection(db.superuser, seed);
}, 120_000);
afterAll(() => db.drop());

/** Every owner quotes every symbol a few times; the last revision corrected one day of the first three symbols. */
async function seed(client: Client): Promise<void> {
  await client.query('set session_replication_role = replica');
  await client.query(`
    insert into users (id, email, username, password_hash)
    select gen_random_uuid(), 'person' || n || '@example.com', 'person' || n, 'x' from generate_series(1, ${OWNERS}) n`);
  await client.query(`
    insert into tracked_stocks (id, symbol) select gen_random_uuid(), 'S' || n from generate_series(1, ${SYMBOLS}) n`);
  await client.query(`
    insert into stock_series (tracked_stock_id, "interval") select id, '1d' from tracked_stocks order by symbol`);
  await client.query(`
    insert into revisions (id, branch_id, kind, source) select n, 1, 'import', 'test' from generate_series(1, 5000) n`);
  await client.query(`
    insert into stock_data (series_id, branch_id, ts, valid_from, valid_to, close)
    select x.id, 1, timestamptz '2020-01-01 00:00Z' + make_interval(days => d), 1,
      case when x.id <= 3 and d = 0 then 50 else 9223372036854775807 end, 1
    from stock_series x cross join generate_series(0, ${DAYS - 1}) d`);
  await client.query(`
    insert into stock_data (series_id, branch_id, ts, valid_from, close)
    select x.id, 1, timestamptz '2020-01-01 00:00Z', 50, 2 from stock_series x where x.id <= 3`);
  await client.query(`
    insert into revision_series (revision_id, series_id, first_ts, last_ts)
    select r.id, x.id, timestamptz '2020-01-01 00:00Z' + make_interval(days => r.id::int), '2020-12-31 00:00Z'
    from stock_series x cross join revisions r
    where r.id < 50`);
  await client.query(`
    insert into revision_series (revision_id, series_id, first_ts, last_ts)
    select 50, x.id, '2020-01-01 00:00Z', '2020-01-01 00:00Z' from stock_series x where x.id <= 3`);
  await client.query(`
    insert into conversations (id, user_id) select gen_random_uuid(), id from users`);
  await client.query(`
    insert into messages (id, conversation_id, owner_id, seq, role, content, citations)
    select gen_random_uuid(), c.id, c.owner_id, n, 'user', 'x',
      jsonb_build_array(jsonb_build_object('type', 'stock-data', 'symbol', 'S' || 1 + n % ${SYMBOLS}))
    from conversations c cross join generate_series(1, ${PER_OWNER}) n`);
  await client.query(`
    insert into messages (id, conversation_id, owner_id, seq, role, content, citations)
    select gen_random_uuid(), c.id, c.owner_id, 10000 + n, 'user', 'x',
      '[{"type":"url","url":"https://common.example"}]'::jsonb
        || case when n % 1000 = 1 then '[{"type":"url","url":"https://rare.example"}]'::jsonb else '[]' end
    from (select * from conversations limit 1) c cross join generate_series(1, ${MANY}) n`);
  await client.query(`
    insert into message_citations (message_id, ordinal, owner_id, series_id, branch_id, ts, revision)
    select m.id, 0, m.owner_id, x.id, 1, timestamptz '2020-01-01 00:00Z' + make_interval(days => m.seq / ${SYMBOLS}), 1
    from messages m
    join tracked_stocks s on s.symbol = m.citations -> 0 ->> 'symbol'
    join stock_series x on x.tracked_stock_id = s.id`);
  await client.query(`
    insert into late_citations (message_id, ordinal, owner_id, revision)
    select message_id, ordinal, owner_id, 2 from message_citations order by message_id`);
  await client.query('vacuum analyze');
  const { rows } = await client.query<{ id: string }>('select id from users limit 1');
  owner = rows[0]?.id ?? '';
}

/**
 * Reads on behind `before` what somebody with very many messages has of what cites an address. **Shape**: how many were found, how many
 * rows were looked at, index or not.
 */
async function readCiting(url: string, before: string): Promise<{ found: number; read: number }> {
  return withConnection(db.app, async (client) => {
    const { rows: most } = await withConnection(db.superuser, (all) =>
      all.query<{ id: string }>(
        'select owner_id as id from messages group by owner_id order by count(*) desc limit 1',
      ),
    );
    await client.query('begin');
    await client.query(`select set_config('stockroom.user_id', $1, true)`, [most[0]?.id]);
    const cited = JSON.stringify([{ url: `https://${url}.example` }]);
    const found = await client.query('select messages_citing($1, $2, $3, 51)', [
      ...[cited, before, 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    ]);
    const { rows } = await client.query<{ read: number }>(
      `select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as read
       from pg_stat_xact_user_tables where relname = 'messages'`,
    );
    await client.query('rollback');
    return { found: found.rows.length, read: rows[0]?.read ?? 0 };
  });
}

/** The plan of a statement as the service runs it: the application role, on somebody's behalf. */
async function plan(statement: Statement, as: RowOwner, maxRows: number): Promise<readonly string[]> {
  return withConnection(db.app, async (client) => {
    // Beyond the transaction that explains it: a session's setting counts like one of the transaction.
    const settings = actAs(as);
    await client.query(settings.text.replaceAll(', true)', ', false)'), [...settings.values]);
    const found = offences(await explained(client, statement), { maxRows, maxSorted: maxRows });
    // Two hundred of each here, which are read faster than looked up.
    return found.filter((offence) => !/ (tracked_stocks|stock_series)\b/.test(offence));
  });
}

describe('through indexes only, whatever others keep', () => {
  it('are found the messages that cite a symbol', async () => {
    const statement = messagesCiting({
      ...{ ownerId: owner, before: null, limit: 50 },
      citation: '{"type":"stock-data","symbol":"S7"}',
    });
    expect(await plan(statement, { userId: owner }, 60)).toEqual([]);
  });

  it.each([
    ['common', 'infinity', 51],
    ['rare', 'infinity', MANY / 1_000],
    ['nowhere', 'infinity', 0],
    ['common', '2000-01-01T00:00:00Z', 0],
  ] as const)('and of somebody with very many: %s, before %s', async (url, before, expected) => {
    const { found, read } = await readCiting(url, before);
    expect(found).toBe(expected);
    expect(read).toBeLessThan(1_500);
  });

  it('and inside of it by the index on citations, which the statement alone could not use', async () => {
    const body = (column: string): Statement => ({
      ...{ name: 'body', values: ['[{"type":"stock-data","symbol":"S7"}]'] },
      text: `select m.id from messages m where ${column} and m.citations @> $1::jsonb`,
    });
    const indexes = async (as: 'owner' | 'app'): Promise<string> =>
      withConnection(db[as], async (client) => {
        await client.query(`select set_config('stockroom.user_id', '${owner}', false)`);
        return JSON.stringify(await explained(client, body(`m.owner_id = '${owner}'`)));
      });
    expect([await indexes('owner'), await indexes('app')]).toEqual([
      expect.stringContaining('messages_citations_idx'),
      expect.not.stringContaining('messages_citations_idx'),
    ]);
  });

  it('are found what a revision restated for one owner, and for all', async () => {
    const between = { ownerId: owner, after: behindLate(49, 0), last: 50, limit: 200 };
    expect(await plan(restatedEvents(between), { userId: owner }, 1.5 * PER_OWNER)).toEqual([]);
    const anybody = { purpose: 'restatement' } as const;
    expect(await plan(countAffected(50), anybody, 400)).toEqual([]);
    expect(await plan(affectedCitations({ revision: 50, after: null, limit: 50 }), anybody, 400)).toEqual([]);
  });

  it('is found the newest late citation of many', async () => {
    const owners = Array.from({ length: 100 }, () => owner);
    expect(await plan(newestLate(owners), { purpose: 'restatement' }, 100)).toEqual([]);
  });

  it('are found one’s restated citations, by one’s own pins', async () => {
    const page = { ownerId: owner, since: 0, after: null, limit: 50 };
    expect(await plan(restatedCitations(page), { userId: owner }, 2 * PER_OWNER)).toEqual([]);
  });
});

describe('the function that finds messages by what they cite', () => {
  it('looks at the rows of whoever the transaction is for, whatever it is asked', async () => {
    await withConnection(db.app, async (client) => {
      const found = async (): Promise<number> =>
        (await client.query(`select messages_citing('[{"symbol":"S7"}]', null, null, 1000)`)).rows.length;
      expect(await found()).toBe(0);
      await client.query(`select set_config('stockroom.user_id', '${owner}', false)`);
      expect(await found()).toBe(PER_OWNER / SYMBOLS);
      await client.query(`select set_config('stockroom.user_id', gen_random_uuid()::text, false)`);
      expect(await found()).toBe(0);
    });
  });

  it('is the application’s only', async () => {
    await withConnection(db.readonly, async (client) => {
      await expect(client.query(`select messages_citing('[]', null, null, 1)`)).rejects.toMatchObject({
        code: '42501',
      });
    });
  });
});
