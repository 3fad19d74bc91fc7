import type { ConfigurationProblem } from './configuration.errors.js';
import {
  connectionSettings,
  DatabaseUrlError,
  parseDatabaseUrl,
  type ConnectionSettings,
  type DatabaseAddress,
} from './database-url.js';
import type { Environment, VariableName } from './environment.schema.js';

/** The connections that the environment names. **Shape**: `app` is null for the embedded database. */
export interface DatabaseConnections {
  readonly app: ConnectionSettings | null;
  readonly migration: ConnectionSettings | null;
  readonly replicas: readonly ConnectionSettings[];
  readonly throughPooler: boolean;
}

const FIELDS = [
  'DATABASE_HOST',
  'DATABASE_PORT',
  'DATABASE_USER',
  'DATABASE_PASSWORD',
  'DATABASE_NAME',
  'DATABASE_SSLMODE',
  'DATABASE_SSLROOTCERT',
] as const satisfies readonly VariableName[];

/** True when the environment points at a database of its own, well or badly. */
export function namesDatabase(environment: Environment): boolean {
  return environment.DATABASE_URL !== undefined || givenFields(environment).length > 0;
}

/**
 * Reads the URLs or the fields.
 *
 * **Shape**: whatever could be read, and a problem for each part that could not.
 */
export function databaseConnections(environment: Environment): {
  connections: DatabaseConnections;
  problems: ConfigurationProblem[];
} {
  const problems: ConfigurationProblem[] = [];
  const attempt = <Value>(variable: string, read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DatabaseUrlError)) throw error;
      // Of the fields, the certificate has a variable of its own.
      const isField = variable === 'DATABASE_HOST' && error.message.includes('sslrootcert');
      problems.push({ variable: isField ? 'DATABASE_SSLROOTCERT' : variable, message: error.message });
      return undefined;
    }
  };
  const { DATABASE_URL, DATABASE_MIGRATION_URL, DATABASE_REPLICA_URLS } = environment;
  const app = attempt(DATABASE_URL === undefined ? 'DATABASE_HOST' : 'DATABASE_URL', () =>
    readApp(environment),
  );
  const migration = attempt('DATABASE_MIGRATION_URL', () => readMigration(DATABASE_MIGRATION_URL));
  const replicas = attempt('DATABASE_REPLICA_URLS', () =>
    splitUrls(DATABASE_REPLICA_URLS ?? '').map(parseDatabaseUrl),
  );
  problems.push(...combinationProblems(environment), ...otherDatabase(app, migration));
  return {
    connections: {
      app: app?.connection ?? null,
      migration: migration ?? app?.connection ?? null,
      replicas: replicas?.map(({ connection }) => connection) ?? [],
      throughPooler: app?.throughPooler ?? false,
    },
    problems,
  };
}

function readApp(environment: Environment): DatabaseAddress | null {
  if (environment.DATABASE_URL !== undefined) return parseDatabaseUrl(environment.DATABASE_URL);
  const { DATABASE_HOST, DATABASE_USER, DATABASE_NAME } = environment;
  // Missing fields are reported each under its own name.
  if (DATABASE_HOST === undefined || DATABASE_USER === undefined || DATABASE_NAME === undefined) return null;
  const connection = connectionSettings({
    host: DATABASE_HOST,
    port: String(environment.DATABASE_PORT ?? ''),
    user: DATABASE_USER,
    password: environment.DATABASE_PASSWORD,
    database: DATABASE_NAME,
    tls: { mode: environment.DATABASE_SSLMODE, rootCertificate: environment.DATABASE_SSLROOTCERT },
  });
  return { connection, throughPooler: false };
}

function readMigration(url: string | undefined): ConnectionSettings | undefined {
  if (url === undefined) return undefined;
  const { connection, throughPooler } = parseDatabaseUrl(url);
  if (throughPooler)
    throw new DatabaseUrlError('must be a direct connection, not one through a pooler (pgbouncer=true)');
  return connection;
}

/** URLs between commas. **Why** not every comma: one inside a URL separates hosts, and is refused with words of its own. */
export function splitUrls(urls: string): string[] {
  return urls
    .split(/,(?=\s*postgres(?:ql)?:\/\/)/)
    .map((url) => url.trim())
    .filter((url) => url !== '');
}

function combinationProblems(environment: Environment): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const fields = givenFields(environment);
  const [first] = fields;
  if (environment.DATABASE_URL !== undefined && first !== undefined) {
    const mend = 'keep the URL, in which every field has its place, or all fields without it';
    problems.push({ variable: 'DATABASE_URL', message: `is set beside ${fields.join(', ')}; ${mend}` });
  } else if (first !== undefined) {
    for (const required of ['DATABASE_HOST', 'DATABASE_USER', 'DATABASE_NAME'] as const) {
      if (environment[required] !== undefined) continue;
      problems.push({ variable: required, message: `is required beside ${first}` });
    }
  } else if (environment.DATABASE_URL === undefined) {
    for (const variable of ['DATABASE_MIGRATION_URL', 'DATABASE_REPLICA_URLS'] as const) {
      if (environment[variable] === undefined) continue;
      problems.push({ variable, message: 'is set without DATABASE_URL; set that as well, or take this out' });
    }
  }
  return problems;
}

/**
 * **Why** names alone: past a pooler the server has another host. A pooler may have a name of its own for the database, so that nothing is
 * said of a declared one.
 */
function otherDatabase(
  app: DatabaseAddress | null | undefined,
  migration: ConnectionSettings | undefined,
): ConfigurationProblem[] {
  if (!app || migration === undefined || app.throughPooler) return [];
  const [served, migrated] = [app.connection.database, migration.database];
  if (served === migrated) return [];
  const message = `names the database "${migrated}", and the service uses "${served}": name the same one in both`;
  return [{ variable: 'DATABASE_MIGRATION_URL', message }];
}

function givenFields(environment: Environment): readonly VariableName[] {
  return FIELDS.filter((name) => environment[name] !== undefined);
}
