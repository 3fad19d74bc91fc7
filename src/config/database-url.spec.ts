import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DatabaseUrlError, parseDatabaseUrl } from './database-url.js';

/** What libpq 15 (`PQconninfoParse`) reads from each URL, written down from a run of it. */
const READ_BY_LIBPQ: readonly [
  url: string,
  parts: Partial<Record<'host' | 'port' | 'user' | 'password' | 'database' | 'options', string>>,
][] = [
  [
    'postgres://app:pw@db.example.com/stock',
    { host: 'db.example.com', user: 'app', password: 'pw', database: 'stock' },
  ],
  [
    'postgresql://app@db.example.com:6543/stock?sslmode=require',
    { host: 'db.example.com', port: '6543', user: 'app', database: 'stock' },
  ],
  [
    'postgres://app:p%40ss%2Fw%3Ard%25%23@localhost/stock',
    { host: 'localhost', user: 'app', password: 'p@ss/w:rd%#', database: 'stock' },
  ],
  [
    'postgres://app:a#b@localhost/stock',
    { host: 'localhost', user: 'app', password: 'a#b', database: 'stock' },
  ],
  [
    'postgres://app:pa?w@localhost/stock',
    { host: 'localhost', user: 'app', password: 'pa?w', database: 'stock' },
  ],
  [
    'postgres://app:a:b@localhost/stock',
    { host: 'localhost', user: 'app', password: 'a:b', database: 'stock' },
  ],
  [
    'postgres://app:a+b@localhost/stock',
    { host: 'localhost', user: 'app', password: 'a+b', database: 'stock' },
  ],
  [
    'postgres://app:p w@localhost/stock',
    { host: 'localhost', user: 'app', password: 'p w', database: 'stock' },
  ],
  [
    'postgres://app:p%C3%A4ss@localhost/stock',
    { host: 'localhost', user: 'app', password: 'päss', database: 'stock' },
  ],
  ['postgres://app:@localhost/stock', { host: 'localhost', user: 'app', database: 'stock' }],
  [
    'postgres://app:pw@localhost/a%2Fb%20c%25',
    { host: 'localhost', user: 'app', password: 'pw', database: 'a/b c%' },
  ],
  [
    'postgres://APP:pw@DB.Example.COM/Stock',
    { host: 'DB.Example.COM', user: 'APP', password: 'pw', database: 'Stock' },
  ],
  [
    'postgres://app:pw@[::1]:5433/stock',
    { host: '::1', port: '5433', user: 'app', password: 'pw', database: 'stock' },
  ],
  [
    'postgres://app:pw@%2Fvar%2Frun%2Fpostgresql/stock',
    { host: '/var/run/postgresql', user: 'app', password: 'pw', database: 'stock' },
  ],
  [
    'postgres://app:pw@/stock?host=/cloudsql/p:r:i',
    { host: '/cloudsql/p:r:i', user: 'app', password: 'pw', database: 'stock' },
  ],
  [
    'postgres:///stock?host=/run/postgresql&user=app',
    { host: '/run/postgresql', user: 'app', database: 'stock' },
  ],
  [
    'postgres://app:pw@h/stock?options=endpoint%3Dep-1',
    { host: 'h', user: 'app', password: 'pw', database: 'stock', options: 'endpoint=ep-1' },
  ],
  [
    'postgres://app:pw@h/stock?options=-c%20search_path%3Da+b',
    { host: 'h', user: 'app', password: 'pw', database: 'stock', options: '-c search_path=a+b' },
  ],
  [
    'postgres://app.ref:pw@h/stock?dbname=other&port=7000',
    { host: 'h', port: '7000', user: 'app.ref', password: 'pw', database: 'other' },
  ],
];

describe('a database URL', () => {
  it.each(READ_BY_LIBPQ)('is read as libpq reads it: %s', (url, parts) => {
    const { host, port, user, password, database, options } = parseDatabaseUrl(url).connection;
    expect({ host, port, user, password, database, options }).toEqual({
      password: undefined,
      options: undefined,
      ...parts,
      port: Number(parts.port ?? 5432),
    });
  });

  it('gives back every user, password and database that was percent-encoded', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(word, word, word, (user, password, database) => {
        fc.pre(
          !/^(change|replace|example|sample|placeholder|yoursecret)/i.test(password.replace(/[^a-z]/gi, '')),
        );
        const encoded = [user, password, database].map(encodeURIComponent);
        const { connection } = parseDatabaseUrl(
          `postgres://${encoded[0]}:${encoded[1]}@db.example.com:5433/${encoded[2]}`,
        );
        expect(connection).toMatchObject({ user, password, database, host: 'db.example.com', port: 5433 });
      }),
    );
  });

  it.each([
    ['mysql://app:hunter2@h/stock', /must look like postgres:/],
    ['host=h dbname=stock password=hunter2', /must look like postgres:/],
    ['postgres://app:hunter2%w@h/stock', /bare %; write it as %25/],
    ['postgres://app:hunter2%00@h/stock', /%00/],
    ['postgres://app:hunter2%ff@h/stock', /percent|cannot be read/],
    ['postgres://app:hunter2/x@h/stock', /write \/ as %2F/],
    [
      'postgres://app:hunter2@a,b/stock',
      /must name one host; for read replicas there is DATABASE_REPLICA_URLS/,
    ],
    ['postgres://app:hunter2@a:1,b:2/stock', /must name one host/],
    ['postgres://app:hunter2@h/stock?host=a,b', /must name one host/],
    ['postgres://app:hunter2@h:99999/stock', /port/],
    ['postgres://app:hunter2@h:0/stock', /port from 1 to 65535/],
    ['postgres://app:hunter2@h/stock?port=x', /port from 1 to 65535/],
    ['postgres://app:hunter2@h', /must name a database/],
    ['postgres://h/stock', /must name a user/],
    ['postgres://app:hunter2@/stock', /must name a host/],
    ['postgres://app:replace-me-hunter2@h/stock', /sample password/],
    [
      'postgres://app:hunter2@h/stock?ssl_mode=require',
      /"ssl_mode" that is not supported: did you mean sslmode\?/,
    ],
    ['postgres://app:hunter2@h/stock?sslcrl=x.pem', /"sslcrl" that is not supported/],
    [
      'postgres://app:hunter2@h/stock?require_auth=scram-sha-256',
      /"require_auth" that is not supported: take it out/,
    ],
    ['postgres://app@h/stock?hunter2@x', /a parameter after the question mark that is not known/],
    [
      'postgres://app:hunter2@h/stock?sslmode=strict',
      /sslmode of disable, allow, prefer, require, verify-ca, verify-full/,
    ],
    ['postgres://app:hunter2@h/stock?sslmode', /sslmode of disable/],
    ['postgres://app:hunter2@h/stock?sslmode=no-verify', /no-verify is called require/],
  ])('is refused with the mend and without the password: %s', (url, mend) => {
    expect(refusal(url)).toMatch(mend);
    expect(refusal(url)).not.toContain('hunter2');
  });

  it('passes over what providers add and what changes nothing here', () => {
    const url =
      'postgres://app:pw@h/stock?sslmode=require&supa=base-pooler.x&application_name=x&connect_timeout=10';
    expect(parseDatabaseUrl(url).connection.database).toBe('stock');
  });

  it('says that a transaction pooler stands in between', () => {
    expect(parseDatabaseUrl('postgres://app:pw@h:6543/stock?pgbouncer=true').throughPooler).toBe(true);
    expect(parseDatabaseUrl('postgres://app:pw@h:6543/stock?pgbouncer=false').throughPooler).toBe(false);
  });
});

function refusal(url: string): string {
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    expect(error).toBeInstanceOf(DatabaseUrlError);
    if (error instanceof DatabaseUrlError) return error.message;
  }
  throw new Error('The URL was not refused.');
}
