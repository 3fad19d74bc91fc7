import { execute } from '../../migrations/migration-support.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

/** Two people. */
export const ANNA = '01900000-0000-7000-8000-00000000000a';
export const BERT = '01900000-0000-7000-8000-00000000000b';

/** Tables that name a person and are not that person's own. **Shape**: table, and why it has no policy. */
export const NOT_OWN: Readonly<Record<string, string>> = {
  sessions: 'read by the hash of a token, before anybody knows whose it is',
  audit_events: 'outlives the person; nobody may change it, and administrators read it',
};

/** How the rows of one table are tried. **Shape**: SQL. */
interface OwnTable {
  /** The column that says whose a row is. */
  readonly owner: 'user_id' | 'owner_id';
  /** Makes the row number `n` of a person; a first one of each is there. */
  readonly insert: (user: string, n: number) => string;
  /** What becomes of a second row: it is one more, or there may be but one. */
  readonly second: 1 | '23505';
  /** A change to a column that is nobody's key. */
  readonly change: string;
  /** The columns that give a row to somebody. */
  readonly give: (user: string) => string;
}

/** The id of the row number `n` of a person in a table that is marked by a letter. */
const idOf = (user: string, mark: 'a' | 'c' | 'e', n: number): string =>
  `${user.slice(0, -3)}${mark}${n}${user.slice(-1)}`;

const ownerId = (user: string): string => `owner_id = '${user}'`;

/** Every table whose rows are somebody's own, each behind those that it points at. A new table of that kind needs an entry. */
export const OWN: Readonly<Record<string, OwnTable>> = {
  user_settings: {
    owner: 'user_id',
    insert: (user) => `insert into user_settings (user_id) values ('${user}')`,
    second: '23505',
    change: `locale = 'de'`,
    give: (user) => `user_id = '${user}'`,
  },
  external_credentials: {
    owner: 'user_id',
    insert: (user, n) =>
      `insert into external_credentials (id, user_id, provider, kind, api_key)
       values ('${idOf(user, 'a', n)}', '${user}', 'quotes', 'api-key', 'cipher text')`,
    second: '23505',
    change: `label = 'mine'`,
    give: (user) => `user_id = '${user}'`,
  },
  conversations: {
    owner: 'owner_id',
    insert: (user, n) =>
      `insert into conversations (id, user_id) values ('${idOf(user, 'c', n)}', '${user}')`,
    second: 1,
    change: `title = 'mine'`,
    give: (user) => `user_id = '${user}'`,
  },
  messages: {
    owner: 'owner_id',
    insert: (user, n) =>
      `insert into messages (id, conversation_id, owner_id, seq, role, content)
       values ('${idOf(user, 'e', n)}', '${idOf(user, 'c', 1)}', '${user}', ${n}, 'user', 'mine')`,
    second: 1,
    change: `language = 'simple'`,
    give: ownerId,
  },
  message_citations: {
    owner: 'owner_id',
    insert: (user, n) =>
      `insert into message_citations (message_id, ordinal, owner_id, series_id, branch_id, ts, revision)
       select '${idOf(user, 'e', 1)}', ${n}, '${user}', id, 1, '2024-01-02', 1 from stock_series`,
    second: 1,
    change: 'owner_id = owner_id',
    give: ownerId,
  },
  late_citations: {
    owner: 'owner_id',
    insert: (user) =>
      `insert into late_citations (message_id, ordinal, owner_id, revision)
       values ('${idOf(user, 'e', 1)}', 1, '${user}', 1)`,
    second: '23505',
    change: 'number = number + 10',
    give: ownerId,
  },
};
/** Their names. */
export const TABLES = Object.keys(OWN);

/** What a citation points at. */
const CITED = `
  insert into tracked_stocks (id, symbol) values ('01900000-0000-7000-8000-000000000001', 'OWN');
  insert into stock_series (tracked_stock_id, "interval") select id, '1d' from tracked_stocks;
  insert into revisions (id, branch_id, kind, source) values (1, 1, 'import', 'http');
  insert into stock_data (series_id, branch_id, ts, valid_from, "close") select id, 1, '2024-01-02', 1, 1 from stock_series`;

/** A database in which Anna and Bert have one row of each table. */
export async function databaseWithRows(): Promise<TestDatabase> {
  const made = await createTestDatabase();
  const people = [ANNA, BERT].map(
    (id, index) =>
      `insert into users (id, email, username, password_hash, role)
       values ('${id}', 'p${index}@example.com', 'person${index}', '$argon2id$fixture', 'USER')`,
  );
  const rows = Object.values(OWN).flatMap(({ insert }) => [insert(ANNA, 1), insert(BERT, 1)]);
  await execute(made.superuser, [...people, CITED, ...rows].join(';\n'));
  return made;
}
