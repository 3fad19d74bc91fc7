import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../src/database/direct-connection.js';
import { takeFinishLock } from '../../src/versioning/revisions/revisions.queries.js';
import { stockWith } from '../factories/branches.js';
import { cite, quote } from '../factories/citations.js';
import { makeConversation } from '../factories/conversations.js';
import type { ApiAnswer } from '../support/api-client.js';
import { changeAppend } from '../support/changed-append.js';
import type { Persona } from '../support/personas.js';
import { waitingForLocks } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const CONVERSATIONS = 12;
const ALL_STORED = Array<number>(CONVERSATIONS).fill(201);

let service: TestApp;
let one: Persona;
let other: Persona;
let symbol: string;
beforeAll(async () => {
  service = await startTestApp({
    env: { DATABASE_LOCK_TIMEOUT_MS: '60000', DATABASE_STATEMENT_TIMEOUT_MS: '60000' },
  });
  [one, other] = [await service.signedIn('USER'), await service.signedIn('USER')];
  ({ symbol } = await stockWith(service.api, '1'));
});
afterAll(() => service.close());

interface Lock {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Does something while all that one person writes has to wait. **Shape**: what it gave, how many writes were answered before that, and
 * with what all were in the end.
 */
async function besides<T>(
  lock: (ids: readonly string[]) => Lock,
  write: (conversation: string) => Promise<ApiAnswer>,
  act: () => Promise<T>,
): Promise<{ outcome: T; before: number; statuses: readonly number[] }> {
  const ids: string[] = [];
  for (let n = 0; n < CONVERSATIONS; n++) ids.push((await makeConversation(one.api)).id);
  return withConnection(service.db.owner, async (client) => {
    await client.query('begin');
    const { text, values } = lock(ids);
    await client.query(text, [...values]);
    let answered = 0;
    const writers = ids.map(async (conversation) => {
      const { status } = await write(conversation);
      answered++;
      return status;
    });
    while ((await waitingForLocks(service.db)) === 0) await sleep(10);
    const outcome = await act();
    const before = answered;
    await client.query('commit');
    return { outcome, before, statuses: await Promise.all(writers) };
  });
}

const lockRows = (ids: readonly string[]): Lock => ({
  text: 'select from conversations where id = any ($1) for update',
  values: [ids],
});

const say = (conversation: string): Promise<ApiAnswer> => cite(one.api, conversation, []);

const quoteIn = (conversation: string): Promise<ApiAnswer> => cite(one.api, conversation, [quote(symbol, 0)]);

/** What the other person is answered. **Units**: a status. */
async function otherSays(): Promise<number> {
  const { id } = await makeConversation(other.api);
  return (await cite(other.api, id, [])).status;
}

/** How many connections wait for a lock, when no more come to it. */
async function settledWaits(): Promise<number> {
  for (let last = -1; ;) {
    const now = await waitingForLocks(service.db);
    if (now === last) return now;
    last = now;
    await sleep(700);
  }
}

describe('what somebody else adds', () => {
  it('is stored while the conversations of one person are locked', async () => {
    const { outcome, before, statuses } = await besides(lockRows, say, otherSays);
    expect([outcome, before]).toEqual([201, 0]);
    expect(statuses).toEqual(ALL_STORED);
  });

  it('is stored while quotations of one person wait for a commit to end', async () => {
    const { outcome, before, statuses } = await besides(takeFinishLock, quoteIn, otherSays);
    expect([outcome, before]).toEqual([201, 0]);
    expect(statuses).toEqual(ALL_STORED);
  });

  it('is looked up and refused while one person quotes in conversations that are locked', async () => {
    const { id } = await makeConversation(other.api);
    const misquote = async () => (await cite(other.api, id, [quote(symbol, 0, { value: '7' })])).status;
    const { outcome, before, statuses } = await besides(lockRows, quoteIn, misquote);
    expect([outcome, before]).toEqual([422, 0]);
    expect(statuses).toEqual(ALL_STORED);
  });
});

describe('appends that have to wait', () => {
  it('for their conversations hold a third of the connections', async () => {
    const { outcome, before, statuses } = await besides(lockRows, say, settledWaits);
    expect([outcome, before]).toEqual([3, 0]);
    expect(statuses).toEqual(ALL_STORED);
  });

  it('for whoever has a message of their id in hand do so, too', async () => {
    const { id } = await makeConversation(other.api);
    const made = (await cite(other.api, id, [])).json as { id: string };
    const remove = (): Lock => ({ text: 'delete from messages where id = $1', values: [made.id] });
    const body = { id: made.id, role: 'user', content: 'again' };
    const sayAgain = (conversation: string): Promise<ApiAnswer> =>
      one.api.post(`/v1/conversations/${conversation}/messages`, { json: body });
    const { outcome, before, statuses } = await besides(remove, sayAgain, settledWaits);
    expect([outcome, before]).toEqual([3, 0]);
    expect(statuses.toSorted((one, next) => one - next)).toEqual([
      201,
      ...Array<number>(CONVERSATIONS - 1).fill(409),
    ]);
  });

  it('would hold all of them if the statement that stores at once waited: control', async () => {
    const putBack = await changeAppend(service.db, 'waits for locks');
    const { outcome } = await besides(lockRows, say, settledWaits);
    expect(outcome).toBe(10);
    await putBack();
  });
});
