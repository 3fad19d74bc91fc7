import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Migration } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';

/** What one migration sends on its way up. */
export interface MigrationSql {
  /** File name without its ending. */
  readonly name: string;
  readonly transactional: boolean;
  readonly statements: readonly string[];
}

type MigrationClass = new (...args: ConstructorParameters<typeof Migration>) => Migration;

/** The SQL of every `NNN_*.ts` migration in a folder, in order, without a database. */
export async function migrationSql(folder: string): Promise<readonly MigrationSql[]> {
  const files = readdirSync(folder)
    .filter((file) => /^\d{3}_.*\.ts$/.test(file))
    .toSorted();
  // Connects lazily, so that no server is needed: a migration only asks its driver for the dialect.
  const orm = await MikroORM.init({
    dbName: 'none',
    entities: [],
    discovery: { warnWhenNoEntities: false },
  });
  const migrations: MigrationSql[] = [];
  for (const file of files) {
    const exports = (await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>;
    const found = Object.values(exports).find(isMigrationClass);
    if (found === undefined) throw new Error(`${join(folder, file)} exports no migration.`);
    const migration = new found(orm.em.getDriver(), orm.config);
    await migration.up();
    migrations.push({
      name: file.replace(/\.ts$/, ''),
      transactional: migration.isTransactional(),
      statements: migration.getQueries().map((query) => textOf(query).trim()),
    });
  }
  await orm.close(true);
  return migrations;
}

function isMigrationClass(value: unknown): value is MigrationClass {
  return typeof value === 'function' && value.prototype instanceof Migration;
}

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  const { sql } = query as { sql?: unknown };
  if (typeof sql === 'string') return sql;
  throw new Error('A migration holds a query that is not plain SQL; write it as text.');
}
