import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { call, operationsOf, seen, type DocumentedOperation } from '../support/personas-calls.js';
import {
  makeWorld,
  OWNED,
  STRANGERS,
  type Stranger,
  type Things,
  type World,
} from '../support/personas-world.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { EXPECTATIONS, type Expectation, type Who } from '../support/personas-expectations.js';

/** What stands in the way of a stranger whatever they ask about. **Shape**: status and code; null: nothing does. */
const REFUSALS: Readonly<Record<Who, Readonly<Record<Stranger, readonly [number, string] | null>>>> = {
  anyone: refusals(null, null, null, null),
  session: refusals(null, null, null, [401, 'unauthenticated']),
  people: refusals(null, null, [401, 'sign-in-required'], [401, 'unauthenticated']),
  administrators: refusals([403, 'forbidden'], null, [401, 'sign-in-required'], [401, 'unauthenticated']),
};

type Refusal = readonly [number, string] | null;
function refusals(
  user: Refusal,
  administrator: Refusal,
  visitor: Refusal,
  none: Refusal,
): Record<Stranger, Refusal> {
  return { 'another user': user, administrator, visitor, 'revoked session': none, 'no credentials': none };
}

let app: TestApp;
let operations: ReadonlyMap<string, DocumentedOperation>;
beforeAll(async () => {
  app = await startTestApp();
  operations = new Map(operationsOf(app.stranger).map((operation) => [operation.id, operation]));
});
afterAll(() => app.close());

/** The rows that are the owner's, or name them; audit events aside, which refusals add to. */
async function rowsOf(world: World): Promise<readonly string[]> {
  const { audit_events: _, ...tables } = await storedRows(app.db.superuser);
  const { owner, things, visitorsThings } = world;
  const mine = [owner.userId, owner.sessionId, things.session, visitorsThings.conversation];
  return Object.values(tables)
    .flat()
    .filter((row) => mine.some((id) => row.includes(id)))
    .toSorted();
}

const namesOwned = ({ path }: Expectation): boolean => Object.values(path).some((thing) => OWNED.has(thing));
const namesShared = ({ path }: Expectation): boolean =>
  Object.values(path).some((thing) => !OWNED.has(thing));

const needsChat = ({ path, ownList }: Expectation): boolean => 'conversation' === path.id || ownList;

/** What a visitor can have too is tried as a visitor's as well. */
const owned = ({ things, visitorsThings }: World, { who }: Expectation): readonly Things[] =>
  who === 'session' ? [things, visitorsThings] : [things];

/** Nothing of the owner's in any part of an answer. */
function expectNothingOf(world: World, { text, headers }: ApiAnswer): void {
  const all = [text, ...[...headers].flat()].join('\n');
  expect(world.marks.filter((mark) => all.includes(mark))).toEqual([]);
}

/** A precondition must not tell that there is something whose version could be right or wrong. */
const PRECONDITIONS: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'if-match': '"1"' },
  { 'if-none-match': '"1"' },
  { 'if-none-match': '*' },
];

describe('the operations of the document', () => {
  it('all have a line in the table, and no line is left over', () => {
    const mend = 'Give each new operation its line in test/support/personas-expectations.ts.';
    expect([mend, Object.keys(EXPECTATIONS).toSorted()]).toEqual([mend, [...operations.keys()].toSorted()]);
  });

  it('have every parameter of their path named in the table', () => {
    for (const [id, { template }] of operations) {
      const parameters = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect([id, Object.keys(EXPECTATIONS[id]?.path ?? {})]).toEqual([id, parameters]);
    }
  });
});

describe.each(Object.entries(EXPECTATIONS))('%s', (id, expectation) => {
  let world: World;
  let operation: DocumentedOperation;
  const isForAdministrators = expectation.who === 'administrators';
  beforeAll(async () => {
    world = await makeWorld(app, { market: namesShared(expectation), chat: needsChat(expectation) });
    const found = operations.get(id);
    if (found === undefined) throw new Error(`The document has no operation ${id}.`);
    operation = found;
  });

  it('answers who may not with one refusal, and of what is foreign exactly as of what is missing', async () => {
    const before = await rowsOf(world);
    expect(before.length).toBeGreaterThanOrEqual(4);
    const foreigners = namesOwned(expectation) ? owned(world, expectation) : [world.things];
    const sent = [...foreigners, world.missing].flatMap((things) => Object.values(things));
    for (const stranger of STRANGERS) {
      const refusal = REFUSALS[expectation.who][stranger];
      if (refusal === null && (isForAdministrators || !namesOwned(expectation))) continue;
      for (const things of foreigners)
        for (const headers of namesOwned(expectation) ? PRECONDITIONS : [{}]) {
          const asked = { operation, expectation, world, api: world.strangers[stranger], headers };
          const foreign = await call({ ...asked, things });
          const missing = await call({ ...asked, things: world.missing });
          expect([stranger, seen(foreign, sent)]).toEqual([stranger, seen(missing, sent)]);
          expectNothingOf(world, foreign);
          const { code } = (foreign.json ?? {}) as { code?: string };
          if (refusal !== null) expect([stranger, foreign.status, code]).toEqual([stranger, ...refusal]);
          else if (operation.method !== 'PUT') expect([stranger, foreign.status]).toEqual([stranger, 404]);
        }
    }
    expect(await rowsOf(world)).toEqual(before);
  });

  it('answers the owner as the role says', async () => {
    const asked = { operation, expectation, world, api: world.owner.api };
    if (namesShared(expectation) && !isForAdministrators)
      expect((await call({ ...asked, things: world.missing })).status).toBe(404);
    const answer = await call({ ...asked, things: world.things });
    expect([answer.status < 300 || answer.text, answer.status]).toEqual(
      isForAdministrators ? [answer.text, 403] : [true, answer.status],
    );
    if (expectation.who !== 'session') return;
    const visitors = await call({ ...asked, api: world.owningVisitor, things: world.visitorsThings });
    expect([visitors.status < 300 || visitors.text]).toEqual([true]);
  });

  it('answers strangers who may, and tells none but administrators of the owner', async () => {
    for (const stranger of STRANGERS) {
      if (REFUSALS[expectation.who][stranger] !== null) continue;
      if (namesOwned(expectation) && !isForAdministrators) continue;
      const asked = { operation, expectation, world, api: world.strangers[stranger] };
      if (Object.keys(expectation.path).length > 0)
        expect([stranger, (await call({ ...asked, things: world.missing })).status]).toEqual([stranger, 404]);
      const answer = await call({ ...asked, things: world.things });
      expect([stranger, answer.status < 300 || answer.text]).toEqual([stranger, true]);
      if (!isForAdministrators) expectNothingOf(world, answer);
    }
  });
});

describe.each(Object.entries(EXPECTATIONS).filter(([, { ownList }]) => ownList))(
  'the list of %s',
  (id, expectation) => {
    it('tells a stranger nothing by its length, its cursors, or a cursor of the owner’s', async () => {
      const operation = operations.get(id);
      if (operation === undefined) throw new Error(`The document has no operation ${id}.`);
      const world = await makeWorld(app, { market: false });
      const ask = (api: ApiClient, query: Record<string, string>): Promise<ApiAnswer> =>
        call({ operation, expectation, world, api, things: world.things, query });
      const { data, nextCursor } = (await ask(world.owner.api, { limit: '1' })).json as OwnPage;
      expect([data.length, typeof nextCursor]).toEqual([1, 'string']);
      for (const stranger of ['another user', 'administrator'] as const) {
        const own = (await ask(world.strangers[stranger], {})).json as OwnPage;
        expect(own.data.length).toBeLessThanOrEqual(1);
        const first = await ask(world.strangers[stranger], { limit: '1' });
        expect(first.json).toEqual({ ...own, nextCursor: null });
        // A cursor is worthless to anybody but whom it was given to: like one that nobody was ever given.
        const behind = await ask(world.strangers[stranger], { cursor: nextCursor ?? '' });
        const madeUp = await ask(world.strangers[stranger], { cursor: 'bWFkZSB1cA' });
        expect(seen(behind, [])).toEqual(seen(madeUp, []));
        expect(behind.status).toBe(400);
        for (const answer of [first, behind]) expectNothingOf(world, answer);
      }
    });
  },
);

interface OwnPage {
  readonly data: readonly unknown[];
  readonly nextCursor: string | null;
}
