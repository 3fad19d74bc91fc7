import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MikroORM } from '@mikro-orm/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadSettings } from '../../src/config/settings.js';
import { generateSecret } from '../../src/encryption/secrets.js';
import { createApp } from '../../src/http/create-app.js';
import { User } from '../../src/users/user.entity.js';
import type { TestDatabase } from '../support/test-database.js';
import { FIXTURES } from './fixture-rows.js';
import { createEmptyDatabase, execute, migratorOf, NUMBERS } from './migration-support.js';
import { visitorHeaders } from '../support/personas.js';

const KEY_BYTES = 32;

describe.each(NUMBERS)('rows that were written at migration %d', (number) => {
  const fixtures = FIXTURES.filter(({ since }) => since <= number);
  let db: TestDatabase;
  let app: NestFastifyApplication;
  let emptyTables: readonly unknown[];

  beforeAll(async () => {
    db = await createEmptyDatabase();
    await migratorOf(db).up(number);
    for (const { rows } of fixtures) await execute(db.owner, `set role stockroom_owner; ${rows}`);
    emptyTables = await tablesWithoutRows(db);
    await migratorOf(db).up();
    app = await appOver(db);
  });
  afterAll(async () => {
    await app.close();
    await db.drop();
  });

  it('leave no table without rows, so that each is tried', () => {
    expect(emptyTables).toEqual([]);
  });

  it('are answered by the routes of today', async () => {
    const answers = fixtures.flatMap((fixture) => fixture.answers);
    const got = await Promise.all(
      answers.map(async ([route]) => {
        const { statusCode, body } = await app.inject({ url: route, headers: visitorHeaders() });
        return [route, statusCode, JSON.parse(body) as unknown];
      }),
    );
    expect(got).toMatchObject(answers.map(([route, answer]) => [route, 200, answer]));
    expect(got).toHaveLength(answers.length);
  });

  it('are people who are found again', async () => {
    const em = app.get(MikroORM).em.fork();
    expect(await em.find(User, {})).toMatchObject([
      {
        ...{ email: 'Ann@example.org', username: 'ann', role: 'ADMIN', isActive: true, version: 1 },
        ...{ passwordHash: '$argon2id$v=19$fixture', createdAt: new Date('2026-01-01T10:00:00Z') },
      },
    ]);
  });
});

/** Tables that rows of an earlier version could stand in, but that no fixture fills. */
async function tablesWithoutRows(db: TestDatabase): Promise<readonly unknown[]> {
  const tables = await execute(
    db.superuser,
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  );
  const empty: unknown[] = [];
  for (const [table] of tables) {
    const [row] = await execute(db.superuser, `select exists (select from ${String(table)})`);
    if (row?.[0] !== true) empty.push(table);
  }
  return empty;
}

/** Today's service over a database, as the application role. */
async function appOver(db: TestDatabase): Promise<NestFastifyApplication> {
  const settings = loadSettings({
    STOCKROOM_LOG_LEVEL: 'silent',
    ENCRYPTION_KEYS: `test-1:${generateSecret(KEY_BYTES)}`,
  });
  return createApp({
    settings: { ...settings, database: { ...settings.database, app: db.app, migration: db.owner } },
    superuser: null,
    unref: () => undefined,
    close: async () => undefined,
  });
}
