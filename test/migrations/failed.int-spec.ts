import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '../support/test-database.js';
import { createEmptyDatabase, dumpOf, execute, migratorOf } from './migration-support.js';

let db: TestDatabase;
beforeEach(async () => {
  db = await createEmptyDatabase();
});
afterEach(() => db.drop());

describe('a migration that fails part way', () => {
  /** Lets the n-th change of a schema in a transaction fail, as a full disk or a row that breaks a check would. */
  const failAt = (n: number): string => `
    create function fail_late() returns event_trigger language plpgsql as $$
    declare seen int := coalesce(nullif(current_setting('test.seen', true), ''), '0')::int + 1;
    begin
      perform set_config('test.seen', seen::text, true);
      if seen >= ${n} then raise exception 'change % fails', seen using errcode = '53100'; end if;
    end $$;
    create event trigger fail_late on ddl_command_end execute function fail_late()`;
  const MEND = 'drop event trigger fail_late; drop function fail_late()';

  it.each([1, 2, 3])(
    'leaves the schema as it was when its change %d fails, and is applied once that is mended',
    async (n) => {
      await migratorOf(db).up(2);
      const before = await dumpOf(db);
      await execute(db.superuser, failAt(n));
      await expect(migratorOf(db).up(3)).rejects.toThrow(/fails/);
      await execute(db.superuser, MEND);
      expect(await dumpOf(db)).toBe(before);
      expect(await execute(db.owner, 'select count(*)::int from migrations')).toEqual([[2]]);
      expect(await migratorOf(db).up(3)).toHaveLength(1);
    },
  );

  it('keeps those before it, each of which is whole', async () => {
    await migratorOf(db).up(3);
    const whole = await dumpOf(db);
    await execute(db.superuser, failAt(1));
    await expect(migratorOf(db).up()).rejects.toThrow(/fails/);
    await execute(db.superuser, MEND);
    expect(await dumpOf(db)).toBe(whole);
  });
});
