/** Rows as a service of some earlier version wrote them, and what today's service must answer about them. */
export interface Fixture {
  /** Written as soon as the database is at this migration, and kept by every later one. */
  readonly since: number;
  readonly rows: string;
  /** Routes and the part of their answer that these rows decide. */
  readonly answers: readonly (readonly [route: string, answer: unknown])[];
}

const USER = '0190a000-0000-7000-8000-000000000001';
const STOCK = '0190a000-0000-7000-8000-000000000002';
const SESSION = '0190a000-0000-7000-8000-000000000003';
const VISITOR = '0190a000-0000-7000-8000-000000000004';
const CREDENTIAL = '0190a000-0000-7000-8000-000000000005';
const CONVERSATION = '0190a000-0000-7000-8000-000000000007';
const MESSAGE = '0190a000-0000-7000-8000-00000000000b';
const AUDIT_EVENT = '0190a000-0000-7000-8000-000000000006';

/**
 * One entry per migration that makes a table or changes one that may hold rows. A migration that leaves a table without rows
 * here fails its test.
 */
export const FIXTURES: readonly Fixture[] = [
  {
    since: 1,
    rows: `
      insert into users (id, email, username, password_hash, role, created_at)
      values ('${USER}', 'Ann@example.org', 'ann', '$argon2id$v=19$fixture', 'ADMIN', '2026-01-01T10:00:00Z')`,
    answers: [],
  },
  {
    since: 2,
    rows: `
      insert into tracked_stocks (id, symbol, name, currency, last_pull_date, created_at)
      values ('${STOCK}', 'OLD', 'Old Corp', 'USD', '2026-01-02', '2026-01-02T10:00:00Z')`,
    answers: [
      [
        '/v1/stocks/OLD',
        {
          ...{ id: STOCK, symbol: 'OLD', name: 'Old Corp', exchange: null, currency: 'USD', isActive: true },
          ...{ lastPullDate: '2026-01-02', createdAt: '2026-01-02T10:00:00.000Z' },
        },
      ],
    ],
  },
  {
    since: 3,
    // `main` was made by the migration itself.
    rows: `insert into branches (name, parent_id, fork_revision, created_by) values ('what-if', 1, 1, '${USER}')`,
    answers: [['/v1/revisions?branch=what-if', { nextCursor: null }]],
  },
  {
    since: 4,
    rows: `
      insert into revisions (id, branch_id, kind, source, message, author_id, created_at, inserted, corrected) values
        (1, 1, 'import', 'old.csv', null, '${USER}', '2026-01-03T10:00:00Z', 2, 0),
        (2, 1, 'correction', 'http', 'typo', null, '2026-01-04T10:00:00Z', 0, 1)`,
    answers: [
      [
        '/v1/revisions/1',
        {
          ...{ id: 1, branch: 'main', kind: 'import', source: 'old.csv', message: null, authorId: USER },
          ...{ createdAt: '2026-01-03T10:00:00.000Z', inserted: 2, corrected: 0, withdrawn: 0 },
        },
      ],
      ['/v1/revisions/2', { kind: 'correction', message: 'typo', authorId: null, corrected: 1 }],
    ],
  },
  {
    since: 5,
    rows: `insert into stock_series (tracked_stock_id, "interval") values ('${STOCK}', '1d'), ('${STOCK}', '5m')`,
    answers: [],
  },
  {
    since: 6,
    rows: `
      insert into stock_data (series_id, branch_id, ts, valid_from, valid_to, open, high, low, close, adj_close, volume)
      select s.id, 1, v.ts, v.valid_from, v.valid_to, v.open, v.high, v.low, v.close, v.adj_close, v.volume
      from stock_series s
      join (values
        ('1d', timestamptz '2026-01-02T00:00:00Z', 1, 2, 101.10, 102, 100, 101.5, 101.5, 1000),
        ('1d', timestamptz '2026-01-02T00:00:00Z', 2, 9223372036854775807, 101.10, 102, 100, 101.24, 101.24, 1000),
        ('5m', timestamptz '2026-01-02T14:30:00Z', 1, 9223372036854775807, null, null, null, 7.0001, null, null)
      ) v ("interval", ts, valid_from, valid_to, open, high, low, close, adj_close, volume) using ("interval")`,
    answers: [
      [
        '/v1/stocks/OLD/data',
        {
          ...{ symbol: 'OLD', interval: '1d', branch: 'main', revision: 2, nextCursor: null },
          data: [
            {
              ...{ date: '2026-01-02', open: 101.1, high: 102, low: 100, close: 101.24, adjClose: 101.24 },
              volume: 1000,
            },
          ],
        },
      ],
      ['/v1/stocks/OLD/data?asOf=1', { revision: 1, data: [{ date: '2026-01-02', close: 101.5 }] }],
      ['/v1/stocks/OLD/data?branch=what-if', { branch: 'what-if', data: [{ close: 101.5 }] }],
      [
        '/v1/stocks/OLD/data/2026-01-02/versions',
        {
          data: [
            { validFrom: 2, validTo: null },
            { validFrom: 1, validTo: 2 },
          ],
        },
      ],
    ],
  },
  {
    since: 8,
    rows: `
      insert into revision_series (revision_id, series_id, first_ts, last_ts)
      select valid_from, series_id, min(ts), max(ts) from stock_data group by 1, 2`,
    answers: [
      // Whether five minutes are stored or computed is told by this table.
      [
        '/v1/stocks/OLD/data?interval=5m',
        { data: [{ ts: '2026-01-02T14:30:00Z', open: null, close: 7.0001, volume: null }] },
      ],
      ['/v1/revisions?symbol=OLD', { data: [{ id: 2 }, { id: 1 }] }],
      [
        '/v1/revisions/2/changes',
        { data: [{ symbol: 'OLD', old: { close: 101.5 }, new: { close: 101.24 } }] },
      ],
    ],
  },
  {
    since: 9,
    rows: `
      insert into user_settings (user_id, timezone, locale, message_retention_days)
      values ('${USER}', 'Europe/Vienna', 'de-AT', 365)`,
    answers: [],
  },
  {
    since: 10,
    rows: `
      insert into sessions (id, user_id, token_hash, authenticated_at, idle_expires_at, expires_at, user_agent, address)
      values
        ('${SESSION}', '${USER}', sha256('fixture'), now(), now() + interval '1 day', now() + interval '2 days',
          'curl/8', '192.0.2.1'),
        ('${VISITOR}', null, sha256('visitor'), null, now() + interval '1 day', now() + interval '2 days', null, null)`,
    answers: [],
  },
  {
    since: 11,
    rows: `
      insert into external_credentials (id, user_id, provider, kind, api_key, last_four)
      values ('${CREDENTIAL}', '${USER}', 'quotes', 'api-key', 'v1.fixture.AAAA.AAAA', '1234')`,
    answers: [],
  },
  {
    since: 12,
    rows: `
      insert into audit_events (id, action, outcome, user_id, session_id, address, details)
      values ('${AUDIT_EVENT}', 'session.signed-in', 'success', '${USER}', '${SESSION}', '192.0.2.1', '{"by": "email"}')`,
    answers: [],
  },
  {
    since: 13,
    rows: `
      insert into branches (name, parent_id, fork_revision, status) values ('merged', 1, 1, 'merged');
      insert into branch_merges (branch_id, revision_id, on_conflict, inserted, corrected, withdrawn, unchanged)
      select id, 2, 'fail', 0, 1, 0, 0 from branches where name = 'merged'`,
    answers: [
      ['/v1/branches/merged', { parent: 'main', forkRevision: 1, status: 'merged', mergeRevision: 2 }],
      ['/v1/branches/what-if', { forkRevision: 1, status: 'open', mergeRevision: null, createdBy: USER }],
    ],
  },
  {
    since: 15,
    rows: `
      insert into rate_limit_windows (key, used, granted, ends_at)
      values ('\\x01', 7, 4, now() + interval '1 minute');
      insert into guess_limits (key, failures, admitted, not_before, forgotten_at, trusted_until)
      values
        ('\\x02', 6, true, now() + interval '2 seconds', now() + interval '1 hour', null),
        ('\\x03', 0, true, now(), now(), now() + interval '30 days')`,
    answers: [],
  },
  {
    since: 14,
    rows: `
      insert into encryption_keys (id, check_value, encrypted_values)
      values ('fixture', 'AAAAAAAAAAAAAAAAAAAAAA', 1);
      insert into encryption_processes (id, name, key_ids, last_seen_at)
      values ('${CREDENTIAL}', 'fixture', '{fixture}', '2026-01-01T00:00:00Z')`,
    answers: [],
  },
  {
    since: 16,
    rows: `
      insert into conversations (id, user_id, title, as_of_revision, last_seq)
      values ('${CONVERSATION}', '${USER}', 'What did OLD close at?', 2, 2);
      insert into conversations (id, visitor_id) values ('0190a000-0000-7000-8000-000000000008', '${VISITOR}');
      insert into conversations (id, user_id, parent_id, fork_seq, last_seq)
      values ('0190a000-0000-7000-8000-000000000009', '${USER}', '${CONVERSATION}', 1, 1)`,
    answers: [],
  },
  {
    since: 17,
    rows: `
      insert into messages (id, conversation_id, owner_id, seq, role, content, citations)
      values
        ('0190a000-0000-7000-8000-00000000000a', '${CONVERSATION}', '${USER}', 1, 'user', 'What did OLD close at?', '[]'),
        ('${MESSAGE}', '${CONVERSATION}', '${USER}', 2, 'assistant', 'At 101.24.',
          '[{"type": "stock-data", "symbol": "OLD", "date": "2026-01-02", "interval": "1d", "field": "close", "value": 101.24,
             "revision": 2, "branch": "main", "quoted": {"date": "2026-01-02", "open": 101.1, "high": 102, "low": 100,
             "close": 101.24, "adjClose": 101.24, "volume": 1000}}]');
      update conversations set request_digest = sha256('a conversation') where id = '${CONVERSATION}';
      update messages set request_digest = sha256('a message') where id = '${MESSAGE}'`,
    answers: [],
  },
  {
    since: 18,
    rows: `
      insert into message_citations (message_id, ordinal, owner_id, series_id, branch_id, ts, revision)
      select '${MESSAGE}', 0, '${USER}', id, 1, '2026-01-02T00:00:00Z', 2 from stock_series where "interval" = '1d'`,
    answers: [],
  },
  {
    since: 22,
    rows: `
      insert into late_citations (message_id, ordinal, owner_id, revision) values ('${MESSAGE}', 0, '${USER}', 2)`,
    answers: [],
  },
];
