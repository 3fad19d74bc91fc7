import { Client, type ClientConfig } from 'pg';
import type { ConnectionSettings } from '../config/settings.js';
import { certificateTrouble } from './certificate-trouble.js';
import { driverErrorFacts } from './driver-errors.js';
import { DatabaseSetupError, DatabaseUnavailable } from './database.errors.js';
import type { Row, Statement } from './statement.js';

/** For connections that were not configured: those of the embedded server. **Units**: milliseconds. */
const CONNECT_MS = 5_000;

/** The settings of one connection in the driver's words. */
export function clientConfig(connection: ConnectionSettings, extra: ClientConfig = {}): ClientConfig {
  return {
    host: connection.host,
    port: connection.port,
    user: connection.user,
    password: passwordOf(connection),
    database: connection.database,
    // A copy: the driver hides the client key on the object it is given, and a second use would miss it.
    ssl: connection.ssl && { ...connection.ssl },
    options: connection.options,
    application_name: 'stockroom',
    keepAlive: true,
    connectionTimeoutMillis: connection.connectTimeoutMs ?? CONNECT_MS,
    ...extra,
  };
}

/** What the driver takes for a password: a function is asked at each new connection. */
export function passwordOf({ password, currentPassword }: ConnectionSettings): ClientConfig['password'] {
  // The driver takes nothing but text from a function.
  return currentPassword === undefined ? password : () => currentPassword() ?? '';
}

/**
 * Runs `work` on one connection outside any pool: set-up, migration lock, waiting. The connection is closed afterwards.
 *
 * **Errors**: `DatabaseSetupError` when the server refuses the user, password or database; else the driver's.
 */
export async function withConnection<T>(
  connection: ConnectionSettings,
  work: (client: Client) => Promise<T>,
  extra?: ClientConfig,
): Promise<T> {
  const client = new Client(clientConfig(connection, extra));
  // A connection that drops while idle is reported by the next statement; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    // Where the driver itself gives up half-way, it leaves the connection open, and the server waits a minute for the rest.
    void client.end().catch(() => undefined);
    throw setupError(connection, error) ?? error;
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The rows of a statement on a direct connection. */
export async function runStatement(client: Client, statement: Statement): Promise<readonly Row[]> {
  const result = await client.query<unknown[]>({
    text: statement.text,
    values: statement.values as unknown[],
    rowMode: 'array',
  });
  return result.rows;
}

/** A connection refused for a reason that waiting does not mend, in words that name the variable; null otherwise. */
export function setupError(connection: ConnectionSettings, error: unknown): DatabaseSetupError | null {
  const where = `${connection.user}@${connection.host}:${connection.port}/${connection.database}`;
  const { code } = driverErrorFacts(error);
  const trouble = certificateTrouble(code);
  if (trouble !== null) {
    return new DatabaseSetupError(
      `The certificate of ${connection.host}:${connection.port} is not trusted (${code}): ${trouble}.`,
      { cause: error },
    );
  }
  switch (code) {
    case '28P01':
    case '28000':
      return new DatabaseSetupError(
        `The database refuses ${where}: wrong user or password. Check DATABASE_URL.`,
        { cause: error },
      );
    case '3D000':
      return new DatabaseSetupError(
        `There is no database "${connection.database}" for ${where}. Create it, or check DATABASE_URL.`,
        { cause: error },
      );
    case '42501':
      return new DatabaseSetupError(
        `${where} may not do this. Run "stockroom db roles" as a user that may create roles.`,
        { cause: error },
      );
    default:
      return setupErrorByMessage(where, error);
  }
}

/** What is wrong with the database as one line without a secret, with the mend where there is one. */
export function troubleText(connection: ConnectionSettings, error: unknown): string {
  const cause = error instanceof DatabaseUnavailable ? error.extra.cause : error;
  const { code, message } = driverErrorFacts(cause);
  return setupError(connection, cause)?.message ?? `the database does not answer (${code ?? message})`;
}

/** What the driver itself finds wrong before the server could, without a code. */
function setupErrorByMessage(where: string, error: unknown): DatabaseSetupError | null {
  const { message } = driverErrorFacts(error);
  if (/^SASL: .*password must be/.test(message)) {
    return new DatabaseSetupError(`The database asks ${where} for a password. Put one into DATABASE_URL.`, {
      cause: error,
    });
  }
  if (message === 'The server does not support SSL connections') {
    return new DatabaseSetupError(
      `The database at ${where} does not offer TLS. Turn TLS on there, or append sslmode=disable to DATABASE_URL if the network between is yours.`,
      { cause: error },
    );
  }
  return null;
}
