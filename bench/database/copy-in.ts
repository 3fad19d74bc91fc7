import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { runProgram } from '../processes/run-program.js';

const VALUES = `"open" numeric, high numeric, low numeric, "close" numeric, adj_close numeric, volume bigint`;

/** The table that somebody would make for such a file: its columns, and one primary key. */
export const PLAIN_TABLES = {
  minute: `create table plain_copy (ts timestamptz, ${VALUES}, primary key (ts))`,
  daily: `create table plain_copy (symbol text, day date, ${VALUES}, primary key (symbol, day))`,
} as const;

/** Loads files as fast as PostgreSQL takes them: by psql's `\copy` where psql is installed, else by COPY over the driver. */
export class CopyIn {
  private constructor(readonly program: string | null) {}

  static async find(): Promise<CopyIn> {
    const found = await runProgram('psql', ['--version']).then(
      ({ output }) => output.trim(),
      () => null,
    );
    return new CopyIn(found);
  }

  /** **Units**: seconds, the whole process of psql. */
  async seconds(connection: ConnectionSettings, path: string): Promise<number> {
    return this.program === null ? copyByDriver(connection, path) : copyByPsql(connection, path);
  }
}

async function copyByPsql(connection: ConnectionSettings, path: string): Promise<number> {
  const { host, port, user, password = '', database } = connection;
  const env = {
    PATH: process.env.PATH ?? '',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGTZ: 'UTC',
  };
  const copy = `\\copy plain_copy from '${path}' with (format csv, header)`;
  const { seconds } = await runProgram('psql', ['--no-psqlrc', '-v', 'ON_ERROR_STOP=1', '-qc', copy], env);
  return seconds;
}

async function copyByDriver(connection: ConnectionSettings, path: string): Promise<number> {
  const startedAt = performance.now();
  await withConnection(connection, async (client) => {
    const into = client.query(copyFrom('copy plain_copy from stdin with (format csv, header)'));
    await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), into);
  });
  return (performance.now() - startedAt) / 1000;
}
