import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '../support/test-database.js';
import { createEmptyDatabase, dumpOf, execute, migratorOf, NUMBERS } from './migration-support.js';

const LAST = NUMBERS.at(-1) ?? 0;

describe('the migrations', () => {
  let db: TestDatabase;
  /** The schema as it was after each migration on the way up; at 0 only the list of migrations. */
  const dumps = new Map<number, string>();
  let before: string;

  beforeAll(async () => {
    db = await createEmptyDatabase();
    before = await dumpOf(db);
    await migratorOf(db).up(0);
    dumps.set(0, await dumpOf(db));
    for (const number of NUMBERS) {
      await migratorOf(db).up(number);
      dumps.set(number, await dumpOf(db));
    }
  });
  afterAll(() => db.drop());

  it('each change the schema', () => {
    expect(new Set(dumps.values()).size).toBe(NUMBERS.length + 1);
  });

  it('end where all of them at once end', async () => {
    const other = await createEmptyDatabase();
    expect(await migratorOf(other).up()).toHaveLength(NUMBERS.length);
    expect(await dumpOf(other)).toBe(dumps.get(LAST));
    expect(await migratorOf(other).up()).toEqual([]);
    await other.drop();
  });

  it('each lead back to where they began, and there again', async () => {
    for (const number of NUMBERS.toReversed()) {
      await migratorOf(db).up(number);
      const [undone] = await migratorOf(db).down();
      expect([undone, await dumpOf(db)]).toEqual([
        expect.stringMatching(`^${pad(number)}_`),
        dumps.get(number - 1),
      ]);
      await migratorOf(db).up(number);
      expect([number, await dumpOf(db)]).toEqual([number, dumps.get(number)]);
      await migratorOf(db).down();
    }
  });

  it('lead down to nothing but their own empty list, and up again to the same', async () => {
    await migratorOf(db).up();
    const undone = await migratorOf(db).down(0);
    expect(undone.map((name) => Number.parseInt(name, 10))).toEqual(NUMBERS.toReversed());
    expect(await dumpOf(db)).toBe(dumps.get(0));
    expect(await execute(db.owner, 'select count(*)::int from migrations')).toEqual([[0]]);
    // What the list adds to a database that was never migrated is itself and nothing else.
    await execute(db.superuser, 'drop table migrations');
    expect(await dumpOf(db)).toBe(before);
    await migratorOf(db).up();
    expect(await dumpOf(db)).toBe(dumps.get(LAST));
  });

  it('say which are applied and which are not', async () => {
    const other = await createEmptyDatabase();
    await migratorOf(other).up(2);
    const states = await migratorOf(other).status();
    expect(states.map(({ appliedAt }) => appliedAt !== null)).toEqual(NUMBERS.map((number) => number <= 2));
    const pending = await migratorOf(other).pendingSql();
    expect(pending.map(({ name }) => Number.parseInt(name, 10))).toEqual(
      NUMBERS.filter((number) => number > 2),
    );
    expect(pending.every(({ statements }) => statements.length > 0)).toBe(true);
    // Printed only: nothing of it was run.
    expect(await dumpOf(other)).toBe(dumps.get(2));
    await other.drop();
  });

  it('are run by hand from what is printed to the same schema', async () => {
    const other = await createEmptyDatabase();
    const pending = await migratorOf(other).pendingSql();
    for (const { statements } of pending) {
      await execute(other.owner, ['set role stockroom_owner', ...statements].join(';\n'));
    }
    expect(await dumpOf(other)).toBe(dumps.get(LAST));
    await other.drop();
  });
});

function pad(number: number): string {
  return String(number).padStart(3, '0');
}
