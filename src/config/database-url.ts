import { parse } from 'pg-connection-string';
import { TlsWishError, tlsSettings, type TlsSettings } from './database-tls.js';
import { nearestName } from './nearest-name.js';
import { isPlaceholder } from './sample-values.js';

/** One way to a PostgreSQL server. **Shape**: `host` is a name, an address, or the folder of a socket file. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  /** The password as it is now, where it comes from a file that may change; asked for each connection that is opened. */
  readonly currentPassword?: () => string | undefined;
  /** How long one attempt outside the pool waits for the server to answer. **Units**: milliseconds. */
  readonly connectTimeoutMs?: number;
  readonly database: string;
  readonly ssl: false | TlsSettings;
  /** Sent to the server at the start of each session, as Neon's `endpoint=…` and `-c name=value` are. */
  readonly options?: string;
}

/** A connection and what the URL says of the way to it. */
export interface DatabaseAddress {
  readonly connection: ConnectionSettings;
  /** `pgbouncer=true`: a pooler stands in between that may give each statement another session. */
  readonly throughPooler: boolean;
}

/** The URL cannot be used. **Shape**: `message` reads on from the variable's name; never a part that may be a password. */
export class DatabaseUrlError extends Error {}

/** Parameters that are read. Those of libpq may also stand in for the parts of the URL, as in `postgres:///db?host=/run`. */
const READ = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'options',
  'ssl',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'channel_binding',
  'pgbouncer',
] as const;
type ReadParameter = (typeof READ)[number];

/**
 * Parameters that providers and tools add and that change nothing here: the service sets its own name, time limits and
 * pool. All others are refused, because `require_auth` or `sslcrl` passed over in silence would be less safe than asked.
 */
const PASSED_OVER = new Set([
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'connect_timeout',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'sslsni',
  'sslcompression',
  'uselibpqcompat',
  'connection_limit',
  'pool_timeout',
  'supa',
]);

const DEFAULT_PORT = 5432;

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…` as libpq does; `tlsSettings` says where TLS differs.
 *
 * **Errors**: `DatabaseUrlError`.
 */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  const { authority, path, query } = splitUrl(url);
  const parameters = readQuery(query);
  const base = readAuthority(authority);
  const host = parameters.host ?? base.host;
  return {
    connection: connectionSettings({
      host,
      port: parameters.port ?? base.port,
      user: parameters.user ?? base.user,
      password: parameters.password ?? base.password,
      database: parameters.dbname ?? decode(path),
      options: parameters.options,
      tls: {
        // What JDBC says for `require`; libpq reads it too.
        mode: parameters.sslmode ?? (parameters.ssl === 'true' ? 'require' : undefined),
        rootCertificate: parameters.sslrootcert,
        certificate: parameters.sslcert,
        key: parameters.sslkey,
        channelBinding: parameters.channel_binding,
      },
    }),
    throughPooler: parameters.pgbouncer === 'true',
  };
}

/** The parts of a connection as text, empty or undefined when not said. */
export interface ConnectionParts {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly options?: string | undefined;
  readonly tls: Parameters<typeof tlsSettings>[1];
}

/**
 * Checks the parts and puts them together.
 *
 * **Errors**: `DatabaseUrlError`. **Why** user and database have no default here, unlike in libpq: the name of whoever
 * runs the service is not something to connect by silently.
 */
export function connectionSettings(parts: ConnectionParts): ConnectionSettings {
  const { host, user, database, options } = parts;
  const password = parts.password === '' ? undefined : parts.password;
  if (host.includes(',') || parts.port.includes(',')) {
    throw new DatabaseUrlError('must name one host; for read replicas there is DATABASE_REPLICA_URLS');
  }
  if (host === '') throw new DatabaseUrlError('must name a host');
  if (user === '') throw new DatabaseUrlError('must name a user');
  if (database === '') throw new DatabaseUrlError('must name a database');
  if (password !== undefined && isPlaceholder(password)) {
    throw new DatabaseUrlError('must not hold the sample password; give the real one');
  }
  return {
    host,
    port: readPort(parts.port),
    user,
    password,
    database,
    ssl: readTls(host, parts.tls),
    ...(options === undefined ? {} : { options }),
  };
}

function readTls(host: string, wishes: ConnectionParts['tls']): false | TlsSettings {
  try {
    return tlsSettings(host, wishes);
  } catch (error) {
    throw error instanceof TlsWishError ? new DatabaseUrlError(error.message) : error;
  }
}

function readPort(text: string): number {
  if (text === '') return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new DatabaseUrlError('must have a port from 1 to 65535');
  return port;
}

function splitUrl(url: string): { authority: string; path: string; query: string } {
  if (/%(?![0-9a-f]{2})/i.test(url)) throw new DatabaseUrlError('holds a bare %; write it as %25');
  if (url.includes('%00')) throw new DatabaseUrlError('must not hold %00');
  // As in libpq, a question mark before the first @ belongs to the password.
  const parts = /^postgres(?:ql)?:\/\/((?:[^/@]*@)?[^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(url);
  if (parts === null)
    throw new DatabaseUrlError('must look like postgres://user:password@host:5432/database');
  const [, authority = '', path = '', query = ''] = parts;
  if (!authority.includes('@') && `${path}?${query}`.includes('@')) {
    throw new DatabaseUrlError('cannot be read: inside a password write / as %2F and @ as %40');
  }
  return { authority, path, query };
}

type Authority = Pick<ConnectionParts, 'host' | 'port' | 'user' | 'password'>;

/**
 * **Why** only this part goes through the library: it leaves `%2F` in database names as it is, turns `+` into a blank
 * where libpq does not, and opens the certificate files itself with its own reading of `sslmode`.
 */
function readAuthority(authority: string): Authority {
  const [, host = ''] = /^(?:.*@)?(.*)$/s.exec(authority) ?? [];
  if (host.includes(',')) {
    throw new DatabaseUrlError('must name one host; for read replicas there is DATABASE_REPLICA_URLS');
  }
  // To a URL parser # and ? end this part; to libpq they do not, and a password may hold them.
  const quoted = authority.replaceAll('#', '%23').replaceAll('?', '%3F').replaceAll(' ', '%20');
  try {
    const parsed = parse(`postgres://${quoted}/`);
    return {
      host: parsed.host ?? '',
      port: parsed.port ?? '',
      user: parsed.user ?? '',
      password: parsed.password,
    };
  } catch {
    // The parser's message quotes its input, and with it the password.
    throw new DatabaseUrlError(
      'cannot be read before the database name: check the port, and write %, / and @ in a password as %25, %2F and %40',
    );
  }
}

function readQuery(query: string): Partial<Record<ReadParameter, string>> {
  const read: Partial<Record<ReadParameter, string>> = {};
  for (const pair of query.split('&').filter((entry) => entry !== '')) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const parameter = READ.find((candidate) => candidate === decode(name));
    if (parameter !== undefined) read[parameter] = decode(value);
    else if (!PASSED_OVER.has(decode(name))) throw unknownParameter(decode(name), query);
  }
  return read;
}

function unknownParameter(name: string, query: string): DatabaseUrlError {
  // With an @ in it, this "query" may be the end of a password that holds a bare question mark.
  if (query.includes('@') || !/^[a-z_]{1,40}$/i.test(name)) {
    return new DatabaseUrlError('has a parameter after the question mark that is not known');
  }
  const near = nearestName(name, READ);
  const mend = near === null ? 'take it out' : `did you mean ${near}?`;
  return new DatabaseUrlError(`has a parameter "${name}" that is not supported: ${mend}`);
}

/** Percent-decoding alone: to libpq a plus sign is a plus sign. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError('holds percent-encoded bytes that are no UTF-8');
  }
}
