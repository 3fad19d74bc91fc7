import { rm } from 'node:fs/promises';
import { entities } from '../../mikro-orm.config.js';
import { dataDirectorySecrets, type DataDirectorySecrets } from '../../src/boot/data-directory-secrets.js';
import { EMBEDDED_DATABASE, EMBEDDED_LOGINS, provisionEmbedded } from '../../src/boot/provision-embedded.js';
import { type ConnectionSettings, loadSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { readPostmasterPid } from '../../src/database/embedded/postmaster-pid.js';
import { SchemaMigrator } from '../../src/database/schema-migrator.js';

export type BenchLogin = 'app' | 'owner' | 'superuser';

/**
 * The PostgreSQL of one run, set up and configured exactly as the embedded one of an installation: durable, same memory, the
 * service connected as the application role.
 */
export class BenchServer {
  private constructor(
    private readonly postgres: EmbeddedPostgres,
    private readonly secrets: DataDirectorySecrets,
  ) {}

  static async start(directory: string): Promise<BenchServer> {
    const secrets = await dataDirectorySecrets(directory);
    const { superuserPassword } = secrets;
    const postgres = await EmbeddedPostgres.open({
      dataDir: directory,
      superuserPassword,
      holder: 'service',
    });
    const server = new BenchServer(postgres, secrets);
    try {
      await provisionEmbedded(server.connection('postgres', 'superuser'), secrets);
      const owner = server.connection(EMBEDDED_DATABASE, 'owner');
      await new SchemaMigrator(loadSettings({}), owner, entities).up();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** The number of the server's first process; null once it is gone. */
  async pid(): Promise<number | null> {
    return (await readPostmasterPid(this.postgres.location))?.pid ?? null;
  }

  /** Makes a database with the current schema and no rows. */
  async createDatabase(name: string): Promise<void> {
    await this.run('postgres', `create database ${name} template ${EMBEDDED_DATABASE}`);
  }

  async dropDatabase(name: string): Promise<void> {
    await this.run('postgres', `drop database if exists ${name} with (force)`);
  }

  /** Runs statements as superuser, one after another, each in a transaction of its own. */
  async run(database: string, ...statements: string[]): Promise<void> {
    await withConnection(this.connection(database, 'superuser'), async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  }

  connection(database: string, login: BenchLogin): ConnectionSettings {
    const { host, port, superuser } = this.postgres.address;
    const user = login === 'superuser' ? superuser : EMBEDDED_LOGINS[login];
    const password = this.secrets[`${login}Password`];
    return { host, port, user, password, database, ssl: false };
  }

  async stop(): Promise<void> {
    await this.postgres.close();
    await rm(this.postgres.location, { recursive: true, force: true });
  }
}

/** A connection as a URL, for programs that are configured from outside. */
export function connectionUrl({ host, port, user, password, database }: ConnectionSettings): string {
  const query = new URLSearchParams({ host, port: String(port) });
  return `postgres://${user}:${encodeURIComponent(password ?? '')}@/${database}?${query.toString()}`;
}
