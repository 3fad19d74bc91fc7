import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { MikroORM } from '@mikro-orm/postgresql';
import { User } from '../../../src/users/user.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { openSql, statement, type OpenSql } from './sql-support.js';

/** Values that would betray themselves wherever they appear, with everything that breaks out of quotes. */
const SECRETS = {
  email: `SECRET'o\\@example.org`,
  username: 'SECRET_name',
  passwordHash: `$argon2id$SECRET\\'"--/*$$SECRET$$\n`,
};

describe('the slow-query log', () => {
  let db: TestDatabase;
  let open: OpenSql;
  const lines: string[] = [];

  beforeAll(async () => {
    db = await createTestDatabase();
  });
  beforeEach(() => {
    lines.length = 0;
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
      lines.push(JSON.stringify(message));
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await open.close();
  });
  afterAll(() => db.drop());

  it('names a hand-written statement and its time, and none of its values', async () => {
    open = await openSql(db.app, { log: { slowQueryMs: 50 } });
    const slow = statement('select pg_sleep(0.1), $1::text', [SECRETS.email]);
    await open.sql.read({ ...slow, name: 'slow_one' });
    expect(lines).toEqual([expect.stringMatching(/"statement":"slow_one","durationMs":\d{3,}\b/)]);
    await open.sql.transaction(async (tx) => {
      await tx.run({ ...slow, name: 'slow_in_transaction' });
    });
    expect(lines[1]).toContain('slow_in_transaction');
    expect(lines.join()).not.toContain('SECRET');
  });

  it('names one that failed, too', async () => {
    open = await openSql(db.app, { log: { slowQueryMs: 50 }, timeouts: { statementMs: 100 } });
    await open.sql.read({ ...statement('select pg_sleep(5)'), name: 'too_slow' }).catch(() => undefined);
    expect(lines).toEqual([expect.stringContaining('too_slow')]);
  });

  it('is silent below the threshold', async () => {
    open = await openSql(db.app, { log: { slowQueryMs: 1_000 } });
    await open.sql.read(statement('select 1'));
    await open.orm.em.fork().count(User);
    expect([lines, open.slow]).toEqual([[], []]);
  });

  it('shows the statements of the ORM without what they carry', async () => {
    open = await openSql(db.app, { log: { slowQueryMs: 0 } });
    const em = open.orm.em.fork();
    const user = em.create(User, { ...SECRETS, role: 'USER' });
    await em.persist(user).flush();
    user.passwordHash = `${SECRETS.passwordHash}again`;
    await em.flush();
    await em.fork().find(User, { email: SECRETS.email, username: { $in: [SECRETS.username, 'other'] } });
    await em.fork().execute('select ?', [SECRETS.passwordHash]);
    await em.fork().execute(`select 'SECRET', 12345 as "SEC"`);
    const written = open.slow.join('\n');
    expect(written).toMatch(/insert into "users"/);
    expect(written).toMatch(/update "users" set "password_hash" = \?/);
    expect(written).toMatch(/from "users" as "u0" where .*"email" = \?/);
    expect(written).not.toContain('SECRET');
    expect(written).not.toContain(user.id);
    expect(written).toContain('select ?, ? as "SEC"');
  });

  it('would show what they carry if it took them as the ORM hands them out', async () => {
    open = await openSql(db.app);
    const seen: string[] = [];
    const silent = (): void => undefined;
    const orm = await MikroORM.init({
      ...open.orm.config.getAll(),
      slowQueryThreshold: 0,
      slowQueryLoggerFactory: () => ({
        ...{ log: silent, error: silent, warn: silent, setDebugMode: silent, isEnabled: () => true },
        logQuery: ({ query }) => void seen.push(query ?? ''),
      }),
    });
    await orm.em.fork().execute(`select 'SECRET'`);
    await orm.close(true);
    expect(seen.join()).toContain('SECRET');
  });
});
