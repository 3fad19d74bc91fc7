import type { ConnectionSettings, Settings } from '../config/settings.js';
import { EmbeddedPostgres } from '../database/embedded/embedded-postgres.js';
import { dataDirectorySecrets, secretsPath, type DataDirectorySecrets } from './data-directory-secrets.js';
import { requireFolders } from './require-folders.js';
import { EMBEDDED_DATABASE, EMBEDDED_LOGINS, provisionEmbedded } from './provision-embedded.js';

/** A database to work with. **Shape**: `settings` are the given ones with connections and keys filled in. */
export interface OpenDatabase {
  readonly settings: Settings & {
    readonly database: { readonly app: ConnectionSettings; readonly migration: ConnectionSettings };
  };
  /** Of the embedded server, for `db roles`; null with an external database. */
  readonly superuser: ConnectionSettings | null;
  /** Lets go of the embedded server; the last holder stops it. Close every connection first. */
  close(): Promise<void>;
  /** Lets the process end by itself while this is open. */
  unref(): void;
}

export interface OpenDatabaseOptions {
  /** The service is alone on a data directory; commands are let in beside it. */
  readonly holder: 'service' | 'command';
  readonly log?: (line: string) => void;
  /** The embedded server was taken over by another service while ours was down: this process must end. */
  readonly onLost?: (error: Error) => void;
}

/**
 * The configured database: the external one as it is, or the embedded one, started if it does not run.
 *
 * **Errors**: `FolderUnusable`, and what `EmbeddedPostgres.open` throws; an external database is not contacted here.
 */
export async function openDatabase(settings: Settings, options: OpenDatabaseOptions): Promise<OpenDatabase> {
  await requireFolders(settings, options);
  const { app, migration } = settings.database;
  if (app !== null) {
    const database = { ...settings.database, app, migration: migration ?? app };
    return {
      settings: { ...settings, database },
      superuser: null,
      close: async () => undefined,
      unref: () => undefined,
    };
  }
  const secrets = await dataDirectorySecrets(settings.dataDir);
  const server = await EmbeddedPostgres.open({
    dataDir: settings.dataDir,
    superuserPassword: secrets.superuserPassword,
    ...options,
  });
  try {
    const superuser = login(server, server.address.superuser, secrets.superuserPassword);
    await provisionEmbedded({ ...superuser, database: 'postgres' }, secrets);
    return {
      settings: embeddedSettings(settings, server, secrets),
      superuser,
      close: () => server.close(),
      unref: () => server.unref(),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

function embeddedSettings(
  settings: Settings,
  server: EmbeddedPostgres,
  secrets: DataDirectorySecrets,
): OpenDatabase['settings'] {
  const { keys, appSecret } = settings.encryption;
  const chosen = keys !== undefined || appSecret !== undefined;
  return {
    ...settings,
    database: {
      ...settings.database,
      app: login(server, EMBEDDED_LOGINS.app, secrets.appPassword),
      migration: login(server, EMBEDDED_LOGINS.owner, secrets.ownerPassword),
    },
    encryption: chosen
      ? settings.encryption
      : {
          ...settings.encryption,
          keys: secrets.encryptionKeys,
          keysFile: { path: secretsPath(settings.dataDir), format: 'data-directory' },
        },
  };
}

function login(server: EmbeddedPostgres, user: string, password: string): ConnectionSettings {
  const { host, port } = server.address;
  return { host, port, user, password, database: EMBEDDED_DATABASE, ssl: false };
}
