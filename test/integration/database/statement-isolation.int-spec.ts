import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { entities } from '../../../mikro-orm.config.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { USER_ID_SETTING } from '../../../src/database/own-rows.js';
import { APP_ROLE } from '../../../src/database/roles.queries.js';
import { UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { call, operationsOf } from '../../support/personas-calls.js';
import { EXPECTATIONS } from '../../support/personas-expectations.js';
import { makeWorld, OWNED, type World } from '../../support/personas-world.js';
import { asOwner } from '../../support/sql.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import {
  onBehalfOf,
  recordStatements,
  withoutOwnerFilters,
  type SentStatement,
} from './isolation-statements.js';

/**
 * Operations that end what the others need, so they come last and each in a world of its own. What an operation sends is found by
 * calling it: a new one is tried here as soon as it stands in the table of expectations.
 */
const ENDING = new Set([
  'signOut',
  'removeMe',
  'rotateSession',
  'deleteCredential',
  'changePassword',
  'deleteConversation',
]);

let app: TestApp;
let anna: World;
let bert: World;
let tables: readonly string[];
let statements: readonly SentStatement[];

beforeAll(async () => {
  app = await startTestApp();
  const secured = await asOwner<{ relname: string }>(
    app.db,
    `select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace`,
  );
  tables = secured.map(({ relname }) => relname);
  anna = await makeWorld(app);
  bert = await makeWorld(app);
  const all = operationsOf(app.stranger).map(({ id }) => id);
  const rest = all.filter((id) => !ENDING.has(id));
  const sent = [...(await recordStatements(() => askEverything(anna, rest)))];
  for (const id of all.filter((one) => ENDING.has(one))) {
    const world = await makeWorld(app);
    const own = await recordStatements(() => askEverything(world, [id]));
    sent.push(...own.map((statement) => asIfOf(anna, world, statement)));
  }
  statements = distinct(sent.filter(isAboutOwnRows));
});
afterAll(() => app.close());

const NOTHING = '[0,[]]';

/** A function of the database that compares owners with the settings itself: it needs no policy to show nothing foreign. */
const ASKS_BY_ITSELF = /\bmessages_citing\(/;

/** Somebody who has nothing: whatever they are shown is not theirs. */
const NOBODY = '00000000-0000-7000-8000-0000000000ff';

/** A statement of one owner, as it would be about what is another's. */
function asIfOf(to: World, from: World, statement: SentStatement): SentStatement {
  const things = [...OWNED].map((thing) => [from.things[thing], to.things[thing]] as const);
  const pairs = [...things, [from.owner.userId, to.owner.userId] as const];
  return pairs.reduce((moved, [old, made]) => onBehalfOf(moved, old, made), statement);
}

/** Sends other statements the second time and the third: for what is to be kept, and for what is. */
const KEPT = 'listMessages';

/** The owner calls operations that are theirs to call, about what is theirs. */
async function askEverything(world: World, ids: readonly string[]): Promise<void> {
  const wanted = operationsOf(app.stranger).filter(({ id }) => ids.includes(id));
  for (const operation of wanted) {
    const expectation = EXPECTATIONS[operation.id];
    if (expectation === undefined || !['session', 'people'].includes(expectation.who)) continue;
    const asked = { operation, expectation, world, api: world.owner.api, things: world.things };
    for (let times = operation.id === KEPT ? 3 : 1; times > 0; times--) await call(asked);
  }
}

function isAboutOwnRows({ text }: SentStatement): boolean {
  return (
    /^\s*(with|select|update|delete)\b/i.test(text) &&
    tables.some((table) => new RegExp(`\\b${table}\\b`).test(text))
  );
}

function distinct(sent: readonly SentStatement[]): readonly SentStatement[] {
  const shapes = sent.map((statement) => {
    const shape = statement.text.replaceAll(/'(?:[^']|'')*'|\b\d+\b/g, '?').replaceAll(/\s+/g, ' ');
    return [shape, statement] as const;
  });
  return [...new Map(shapes).values()];
}

/** What statements give or touch inside one transaction of a person, which is undone. **Shape**: rows as JSON, and how many. */
async function outcomes(
  userId: string,
  sent: readonly SentStatement[],
  secured = true,
): Promise<readonly string[]> {
  const connection = secured ? app.db.app : app.db.superuser;
  return withConnection(connection, async (client) => {
    await client.query('begin');
    if (!secured) {
      for (const table of tables) await client.query(`alter table ${table} disable row level security`);
      await client.query(`set local role ${APP_ROLE}`);
    }
    await client.query('select set_config($1, $2, true)', [USER_ID_SETTING, userId]);
    const found: string[] = [];
    for (const { text, values } of sent) {
      await client.query('savepoint one');
      const { rows, rowCount } = await client.query({ text, values: [...values], rowMode: 'array' });
      found.push(JSON.stringify([rowCount, rows]));
      await client.query('rollback to savepoint one');
    }
    await client.query('rollback');
    return found;
  });
}

describe('statements about rows that are somebody’s own', () => {
  it('are found by calling every operation', () => {
    const filtered = statements.filter((statement) => withoutOwnerFilters(statement).filters > 0);
    expect(statements.length).toBeGreaterThanOrEqual(5);
    expect(filtered.length).toBeGreaterThanOrEqual(5);
    expect(statements.some(({ text }) => text.includes('bit_xor') && !text.includes('content'))).toBe(true);
    // A filter of a form that is not known here would be left in, and prove nothing.
    for (const statement of filtered)
      expect(withoutOwnerFilters(statement).text).not.toContain(anna.owner.userId);
  });

  it('give another person their own rows and no others when the owner filters are gone', async () => {
    const { userId } = bert.owner;
    const asWritten = statements.map((statement) => onBehalfOf(statement, anna.owner.userId, userId));
    // In one transaction, so that both have the same clock.
    const found = await outcomes(userId, [...asWritten, ...statements.map(withoutOwnerFilters)]);
    for (const [n, { text }] of statements.entries())
      expect([text, found[statements.length + n]]).toEqual([text, found[n]]);
  });

  it('change nothing of somebody else’s, as they are or without their owner filters', async () => {
    const writes = statements.filter(({ text }) => /^\s*(update|delete)/i.test(text));
    expect(writes.length).toBeGreaterThan(0);
    for (const variant of [writes, writes.map(withoutOwnerFilters)])
      expect(await outcomes(NOBODY, variant)).toEqual(writes.map(() => NOTHING));
  });

  it('control: would show it without row-level security', async () => {
    const found = await outcomes(anna.owner.userId, statements);
    const told = await outcomes(NOBODY, statements);
    // Some look for what is not there yet, such as an id that a client may have sent before, or ask whether there is too much.
    const telling = statements.filter(({ text }, n) => found[n] !== told[n] && !ASKS_BY_ITSELF.test(text));
    const filtered = telling.map(withoutOwnerFilters).filter(({ filters }) => filters > 0);
    expect(filtered.length).toBeGreaterThan(statements.length / 2);
    const secured = await outcomes(NOBODY, filtered);
    const open = await outcomes(NOBODY, filtered, false);
    for (const [n, { text }] of filtered.entries()) expect([text, open[n]]).not.toEqual([text, secured[n]]);
  });
});

describe('entities whose rows are somebody’s own', () => {
  const own = (): readonly (typeof entities)[number][] =>
    entities.filter(({ meta }) => tables.includes(meta.tableName));

  it('are those tables', () => {
    expect(
      own()
        .map(({ meta }) => meta.tableName)
        .toSorted(),
    ).toEqual([...tables].toSorted());
  });

  it('are found without any condition by nobody but their person', async () => {
    for (const entity of own()) {
      const counted = await asOwner<{ count: number }>(
        app.db,
        `select count(*)::integer from ${entity.meta.tableName} t
         where $1 in (to_jsonb(t) ->> 'user_id', to_jsonb(t) ->> 'owner_id')`,
        [bert.owner.userId],
      );
      const units = app.app.get(UnitOfWork);
      const found = await units.run({ userId: bert.owner.userId }, (em) => em.find(entity, {}));
      expect([entity.meta.tableName, found.length]).toEqual([entity.meta.tableName, counted[0]?.count]);
      expect(await app.app.get(EntityManager).fork().count(entity, {})).toBe(0);
    }
  });
});
