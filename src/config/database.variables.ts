import { SSL_MODES } from './database-tls.js';
import { hostProblem } from './network.js';
import {
  flag,
  integer,
  oneOf,
  oneOfOptional,
  optionalFlag,
  optionalInteger,
  optionalText,
} from './variable.js';

const URL_VALUES = '`postgres://user:password@host:5432/database?sslmode=…`';
const UNSET = 'unset';

/** Where the database is. None of them set means the embedded one. */
export const databaseAddressVariables = {
  DATABASE_URL: optionalText({
    description:
      'The connection of the application role. Unset, together with `DATABASE_HOST`: the embedded PostgreSQL. Without `sslmode`, a host beyond this machine must show a certificate that is valid for its name (`verify-full`); a private authority is named with `sslrootcert=<file>`.',
    values: URL_VALUES,
    default: `${UNSET}: the embedded PostgreSQL`,
    secret: true,
  }),
  DATABASE_MIGRATION_URL: optionalText({
    description:
      'The connection of the owner role, which migrates. It must be direct: the migration lock lives in a session, which a pooler hands to others.',
    values: URL_VALUES,
    default: 'as `DATABASE_URL`',
    secret: true,
  }),
  DATABASE_REPLICA_URLS: optionalText({
    description:
      'Read replicas, separated by commas. Reads of bars that name a revision go there once it has arrived.',
    values: `one or more of ${URL_VALUES}`,
    default: 'none',
    secret: true,
  }),
  DATABASE_HOST: optionalText({
    description: 'Host of the database, in place of `DATABASE_URL`; a path is the folder of a socket file.',
    values: 'host name, IP address or absolute path',
    default: UNSET,
    check: (host) => (host.startsWith('/') ? null : hostProblem(host)),
  }),
  DATABASE_PORT: optionalInteger({
    description: 'Port of the database, beside `DATABASE_HOST`.',
    min: 1,
    max: 65_535,
    default: '5432',
  }),
  DATABASE_USER: optionalText({
    description: 'User of the database, beside `DATABASE_HOST`, where it is required.',
    values: 'role name',
    default: UNSET,
  }),
  DATABASE_PASSWORD: optionalText({
    description: 'Password of that user, exactly as it is: nothing is percent-encoded here.',
    values: 'text',
    default: UNSET,
    secret: true,
  }),
  DATABASE_NAME: optionalText({
    description: 'Name of the database, beside `DATABASE_HOST`, where it is required.',
    values: 'database name',
    default: UNSET,
  }),
  DATABASE_SSLMODE: oneOfOptional({
    description: 'How the connection is encrypted, beside `DATABASE_HOST`; the words are those of libpq.',
    words: SSL_MODES,
    default: '`verify-full`; on loopback and sockets no TLS',
  }),
  DATABASE_SSLROOTCERT: optionalText({
    description: "File with the authority that signed the database's certificate, beside `DATABASE_HOST`.",
    values: 'path of a PEM file, or `system`',
    default: 'the authorities that Node trusts',
  }),
};

/** How the database is used. */
export const databaseUseVariables = {
  DATABASE_REPLICA_READS: oneOf({
    description:
      'Which reads of bars may go to replicas: those that name a revision, which read the same everywhere, or those of now as well. Then now may be a moment ago; a client that needs what it wrote sends its revision as `X-Min-Revision`.',
    words: ['fixed', 'all'],
    default: 'fixed',
  }),
  DATABASE_POOL_MAX: integer({
    description:
      'Connections of one process. A statement of this service takes a millisecond or less, so ten keep the cores of a small server busy, and ten replicas stay under its usual limit of 100.',
    min: 2,
    max: 500,
    default: 10,
  }),
  DATABASE_POOL_ACQUIRE_TIMEOUT_MS: optionalInteger({
    description:
      'How long a request waits for a connection before it is answered 503. The driver itself would wait for ever, and a client that gave up still stands in that queue.',
    min: 100,
    max: 60_000,
    default: '3000; 15000 with a serverless database',
  }),
  DATABASE_POOL_IDLE_TIMEOUT_MS: optionalInteger({
    description:
      'After how long an unused connection is closed: shorter than the idle limits of usual firewalls and poolers.',
    min: 1_000,
    max: 3_600_000,
    default: '30000; 1000 with a serverless database',
  }),
  DATABASE_POOL_MAX_LIFETIME_SECONDS: integer({
    description:
      'After how long a connection is replaced although it works, so that a moved server, a new certificate and memory grown in one session do not wait for a restart.',
    min: 60,
    max: 86_400,
    default: 1_800,
  }),
  DATABASE_CONNECT_TIMEOUT_MS: optionalInteger({
    description:
      'How long one attempt outside the pool waits for the server to answer: longer than two lost packets, shorter than patience.',
    min: 500,
    max: 60_000,
    default: '5000; 15000 with a serverless database',
  }),
  DATABASE_STATEMENT_TIMEOUT_MS: integer({
    description:
      'Longest run of one statement of a request; the server ends it. Imports and exports, whose length depends on the file, set their own.',
    min: 500,
    max: 600_000,
    default: 10_000,
  }),
  DATABASE_LOCK_TIMEOUT_MS: integer({
    description:
      'Longest wait for a lock, so that a request behind a locked table is answered 503 within five seconds.',
    min: 100,
    max: 600_000,
    default: 3_000,
  }),
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: integer({
    description:
      'After how long the server ends a transaction whose client says nothing, and with it the locks it holds.',
    min: 1_000,
    max: 600_000,
    default: 10_000,
  }),
  DATABASE_SERVERLESS: optionalFlag({
    description:
      'The database is suspended when nobody needs it, as with Neon: no idle connection is kept, periodic work rests while no request comes, probes do not wake it, and a connection may take as long as it needs to wake up.',
    default: '`true` if the host ends in `.neon.tech`; else `false`',
  }),
  DATABASE_NAMED_STATEMENTS: optionalFlag({
    description:
      'Hot statements are prepared once per connection, worth about half again in requests per second. Switch off behind a transaction pooler that does not know them (PgBouncer before 1.21); that also leaves time limits to the settings of the database user.',
    default: '`true`; `false` if `DATABASE_URL` says `pgbouncer=true`',
  }),
  DATABASE_STARTUP_WAIT_SECONDS: integer({
    description:
      'How long a start waits for a database that does not answer yet, as `db wait` does. 0 does not wait.',
    min: 0,
    max: 3_600,
    default: 300,
  }),
  DATABASE_MIGRATE_ON_START: flag({
    description:
      'Applies pending migrations at start; replicas that start together take turns. Switch off where a job migrates and the service has no owner connection.',
    default: true,
  }),
};
