import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../src/database/direct-connection.js';
import { takeFinishLock } from '../../src/versioning/revisions/revisions.queries.js';
import { stockWith } from '../factories/branches.js';
import { cite, quote } from '../factories/citations.js';
import { makeConversation } from '../factories/conversations.js';
import type { ApiAnswer } from '../support/api-client.js';
import type { Persona } from '../support/personas.js';
import { waitingForLocks } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const CONVERSATIONS = 12;

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

/**
 * What another person is answered while all that one person writes has to wait. **Shape**: the other's answer, how many of the one's were
 * answered before it, and theirs in the end.
 */
async function besides(
  lock: (ids: readonly string[]) => { readonly text: string; readonly values: readonly unknown[] },
  write: (conversation: string) => Promise<ApiAnswer>,
): Promise<{ answer: ApiAnswer; before: number; statuses: readonly number[] }> {
  const ids: string[] = [];
  for (let n = 0; n < CONVERSATIONS; n++) ids.push((await makeConversation(one.api)).id);
  const { id } = await makeConversation(other.api);
  return withConnection(service.db.owner, async (client) => {
    await client.query('begin');
    const { text, values } = lock(ids);
    await client.query(text, [...values]);
    let before = 0;
    const writers = ids.map(async (conversation) => {
      const { status } = await write(conversation);
      before++;
      return status;
    });
    while ((await waitingForLocks(service.db)) === 0) await sleep(10);
    const answer = await cite(other.api, id, []);
    const answeredBefore = before;
    await client.query('commit');
    return { answer, before: answeredBefore, statuses: await Promise.all(writers) };
  });
}

describe('what somebody else adds', () => {
  it('is stored while the conversations of one person are locked', async () => {
    const { answer, before, statuses } = await besides(
      (ids) => ({ text: 'select from conversations where id = any ($1) for update', values: [ids] }),
      (conversation) => cite(one.api, conversation, []),
    );
    expect([answer.status, before]).toEqual([201, 0]);
    expect(statuses).toEqual(Array<number>(CONVERSATIONS).fill(201));
  });

  it('is stored while quotations of one person wait for a commit to end', async () => {
    const { answer, before, statuses } = await besides(takeFinishLock, (conversation) =>
      cite(one.api, conversation, [quote(symbol, 0)]),
    );
    expect([answer.status, before]).toEqual([201, 0]);
    expect(statuses).toEqual(Array<number>(CONVERSATIONS).fill(201));
  });
});
