import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import { loadSettings } from '../../../src/config/settings.js';
import { ormOptions } from '../../../src/database/orm-options.js';
import { execute } from '../../migrations/migration-support.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** Whether the server has a database of that name. */
async function exists(name: string): Promise<boolean> {
  return (await execute(db.superuser, `select 1 from pg_database where datname = '${name}'`)).length > 0;
}

describe('a database that does not exist', () => {
  it('is not made by the ORM, whoever uses its options', async () => {
    const connection = { ...db.superuser, database: 'mistyped_for_the_orm' };
    const orm = await MikroORM.init({
      ...ormOptions({ settings: loadSettings({}), connection, entities: [] }),
      discovery: { warnWhenNoEntities: false },
    });
    try {
      await expect(orm.em.getConnection().execute('select 1')).rejects.toThrow(
        'database "mistyped_for_the_orm" does not exist',
      );
      expect(await exists('mistyped_for_the_orm')).toBe(false);
    } finally {
      await orm.close(true);
      await execute(db.superuser, 'drop database if exists mistyped_for_the_orm');
    }
  });
});
