import { parseDatabaseUrl, type ConnectionSettings } from './database-url.js';
import { splitUrls, type DatabaseConnections } from './database.settings.js';
import { readSecret, type VariableTexts } from './secret-files.js';

/**
 * Lets connections whose password came from a file ask for it anew each time that one is opened, so that a rotated password needs no
 * restart: neither a changed file nor a mounted secret, whose links are exchanged, is watched.
 *
 * **Shape**: `files` are the variables `<NAME>_FILE` as given. Of a URL in a file only the password is read again.
 */
export function withCurrentPasswords(
  connections: DatabaseConnections,
  files: VariableTexts,
): DatabaseConnections {
  const { DATABASE_URL_FILE: url, DATABASE_PASSWORD_FILE: field } = files;
  const ofApp = url === undefined ? passwordIn(field, (text) => text) : passwordIn(url, urlPassword);
  const { DATABASE_MIGRATION_URL_FILE: migrationUrl, DATABASE_REPLICA_URLS_FILE: replicaUrls } = files;
  const isOfItsOwn = connections.migration !== connections.app;
  return {
    ...connections,
    app: renewed(connections.app, ofApp),
    migration: renewed(connections.migration, isOfItsOwn ? passwordIn(migrationUrl, urlPassword) : ofApp),
    replicas: connections.replicas.map((replica, n) => {
      const ofReplica = passwordIn(replicaUrls, (text) => urlPassword(splitUrls(text)[n] ?? ''));
      return renewed(replica, ofReplica) ?? replica;
    }),
  };
}

type PasswordSource = (() => string | undefined) | null;

function renewed(connection: ConnectionSettings | null, source: PasswordSource): ConnectionSettings | null {
  if (connection === null || source === null) return connection;
  return { ...connection, currentPassword: () => source() ?? connection.password };
}

/** **Shape**: undefined while the file cannot be read or holds no password: the one that was read at the start is tried then. */
function passwordIn(
  path: string | undefined,
  passwordOf: (text: string) => string | undefined,
): PasswordSource {
  if (path === undefined) return null;
  return () => {
    const text = readSecret(path);
    return typeof text === 'string' ? passwordOf(text) : undefined;
  };
}

function urlPassword(url: string): string | undefined {
  try {
    return parseDatabaseUrl(url).connection.password;
  } catch {
    // Half-written, or somebody's slip: said at the next start.
    return undefined;
  }
}
