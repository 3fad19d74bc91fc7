import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UniqueConstraintViolationException } from '@mikro-orm/core';
import pino from 'pino';
import { loadSettings } from '../../../src/config/settings.js';
import { DatabaseSetupError } from '../../../src/database/database.errors.js';
import { loggableDatabaseError } from '../../../src/database/loggable-error.js';
import { loggerOptions } from '../../../src/http/logger-options.js';
import { User } from '../../../src/users/user.entity.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { openSql, statement, type OpenSql } from './sql-support.js';

const ANN = {
  email: 'SECRET@example.org',
  username: 'SECRETann',
  passwordHash: 'SECRET"hash\nSECRET',
  role: 'USER',
} as const;

describe('an unexpected error of the database', () => {
  let db: TestDatabase;
  let open: OpenSql;

  beforeAll(async () => {
    db = await createTestDatabase();
    open = await openSql(db.app);
    const em = open.orm.em.fork();
    await em.persist(em.create(User, { ...ANN })).flush();
  });
  afterAll(async () => {
    await open.close();
    await db.drop();
  });

  const store = (user: Partial<typeof ANN>): Promise<unknown> => {
    const em = open.orm.em.fork();
    return em.persist(em.create(User, { ...ANN, ...user })).flush();
  };
  const read = (text: string, ...values: unknown[]): Promise<unknown> =>
    open.sql.read(statement(text, values));

  it.each([
    [
      'a row that a check refuses',
      () => store({ username: 'SECRET!!' as typeof ANN.username }),
      'users_username_check',
    ],
    ['a row that is there already', () => store({}), 'users_email_key'],
    [
      'a value missing',
      () => read(`insert into users (id, email) values (gen_random_uuid(), 'SECRET@x.y')`),
      'username',
    ],
    ['text for a number', () => read('select $1::int', 'SECRET 1'), '22P02'],
    ['quoted text for a number', () => read('select $1::int', 'a"SECRET"b'), '22P02'],
    ['text for an enum', () => read('select $1::user_role', 'SECRET'), 'user_role'],
    ['a number out of range', () => read('select $1::smallint', '123456'), '22003'],
    ['a date that is none', () => read('select $1::date', '1999-99-99'), '22008'],
    ['broken JSON', () => read('select $1::jsonb', '{"SECRET": '), '22P02'],
    ['broken SQL', () => read(`select 'a' 'SECRET'`), '42601'],
    ['a table that is not there', () => read('select * from nowhere'), 'relation "nowhere" does not exist'],
  ])('is logged by %s, without what was sent', async (_what, provoke, told) => {
    const error: unknown = await provoke().catch((reason: unknown) => reason);
    expect(JSON.stringify(pino.stdSerializers.err(error as Error))).toMatch(
      /SECRET|123456|1999-99-99|nowhere/i,
    );
    const line = logged({ err: error });
    for (const other of [logged(error), logged({ msg: 'own words', err: error })]) {
      expect(other).not.toMatch(/SECRET|123456|1999-99-99/i);
    }
    expect(line).not.toMatch(/SECRET|123456|1999-99-99/i);
    expect(line).toContain(told.replaceAll('"', '\\"'));
    expect(line).toMatch(/"stack":".*at /);
  });

  it('keeps what finds its cause', async () => {
    const error: unknown = await store({}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UniqueConstraintViolationException);
    expect(loggableDatabaseError(error)).toMatchObject({
      ...{
        type: 'UniqueConstraintViolationException',
        code: '23505',
        table: 'users',
        constraint: 'users_email_key',
      },
      message: 'duplicate key value violates unique constraint "users_email_key"',
    });
  });

  it('keeps the words of whoever caught it', async () => {
    const cause: unknown = await read('select $1::int', 'SECRET').catch((reason: unknown) => reason);
    const line = logged(new DatabaseSetupError('The start failed.', { cause }));
    expect(line).not.toContain('SECRET');
    expect(JSON.parse(line)).toMatchObject({
      msg: 'The start failed.',
      err: { type: 'DatabaseSetupError', cause: { code: '22P02' } },
    });
  });

  it('leaves every other error as it is', () => {
    expect(loggableDatabaseError(new Error('plain'))).toBeNull();
    expect(loggableDatabaseError(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))).toBeNull();
    expect(logged(new Error('plain words'))).toContain('"msg":"plain words"');
  });

  it('does not speak over the words of the line', () => {
    const line = logged({ msg: 'own words', err: new Error('plain words'), requestId: 'r1' });
    expect(line.match(/"msg":/g)).toHaveLength(1);
    expect(JSON.parse(line)).toMatchObject({
      msg: 'own words',
      requestId: 'r1',
      err: { message: 'plain words' },
    });
  });
});

/** The line that the service's logger writes. */
function logged(said: unknown): string {
  const lines: string[] = [];
  const { pinoHttp } = loggerOptions(loadSettings({ STOCKROOM_LOG_FORMAT: 'json' }));
  const { serializers, formatters, hooks } = pinoHttp as pino.LoggerOptions;
  pino(
    { serializers: serializers ?? {}, formatters: formatters ?? {}, hooks: hooks ?? {} },
    { write: (line: string) => void lines.push(line) },
  ).error(said);
  return lines.join('');
}
