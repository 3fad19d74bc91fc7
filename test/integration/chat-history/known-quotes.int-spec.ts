import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { forkBranch, putClose, revisionOf, stockWith } from '../../factories/branches.js';
import {
  cite,
  openConversation,
  quote,
  type CitingMessage,
  type ShownQuote,
} from '../../factories/citations.js';
import { bar, csvOf, day } from '../../factories/bars.js';
import { freshSymbol, importCsv, trackStock } from '../../factories/stocks.js';
import { execute } from '../../migrations/migration-support.js';
import type { Persona } from '../../support/personas.js';
import { changeAppend } from '../../support/changed-append.js';
import { leaveStatements, watchStatements } from '../../support/statements.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const STORE = 'append_message_as';

let service: TestApp;
let person: Persona;
beforeAll(async () => {
  service = await startTestApp();
  person = await service.signedIn('USER');
});
afterAll(() => service.close());
afterEach(leaveStatements);

/** Quotes a bar in a message. **Shape**: the citation as it was answered. **Errors**: when it was refused. */
async function quoted(conversation: string, symbol: string): Promise<ShownQuote> {
  const answer = await cite(person.api, conversation, [quote(symbol, 0)]);
  expect(answer.status).toBe(201);
  const [citation] = (answer.json as CitingMessage).citations;
  if (citation === undefined) throw new Error('nothing is cited');
  return citation;
}

/** A conversation in which a bar was quoted. **Shape**: ids, the revision of the bar, and its only quotation. */
async function quotedOnce(): Promise<{ conversation: string; symbol: string; first: ShownQuote }> {
  const { symbol } = await stockWith(service.api, '1');
  const conversation = await openConversation(person.api);
  return { conversation, symbol, first: await quoted(conversation, symbol) };
}

/** Another history under the number of the newest revision, as a restore and a commit bring it: the bar says something else. */
async function restoreAnother(symbol: string): Promise<void> {
  await execute(
    service.db.superuser,
    `set session_replication_role = replica;
     update stock_data set "close" = 7 where series_id = (
       select x.id from stock_series x join tracked_stocks s on s.id = x.tracked_stock_id where s.symbol = '${symbol}');
     update revisions set created_at = created_at + interval '1 microsecond' where id = (select max(id) from revisions)`,
  );
}

describe('a price that was quoted before', () => {
  it('is not looked at again while no revision comes', async () => {
    const { conversation, symbol, first } = await quotedOnce();
    const ran = watchStatements();
    expect(await quoted(conversation, symbol)).toEqual(first);
    expect(ran).toEqual([STORE]);
  });

  it('is not looked at again for a conversation that looked at something else', async () => {
    const { symbol, first } = await quotedOnce();
    const { symbol: second } = await stockWith(service.api, '2');
    const conversation = await openConversation(person.api);
    await quoted(await openConversation(person.api), symbol);
    await quoted(conversation, second);
    const ran = watchStatements();
    expect(await quoted(conversation, symbol)).toEqual(first);
    expect(ran).toEqual([STORE]);
  });

  it('is pinned to what a correction brought since', async () => {
    const { conversation, symbol } = await quotedOnce();
    const correction = revisionOf(await putClose(service.api, { symbol, day: 0 }, 2));
    expect(await quoted(conversation, symbol)).toMatchObject({ revision: correction, quoted: { close: 2 } });
    const ran = watchStatements();
    expect(await quoted(conversation, symbol)).toMatchObject({ revision: correction, quoted: { close: 2 } });
    expect(ran).toEqual([STORE]);
  });

  it('is looked at again in another history under the same number', async () => {
    const { conversation, symbol } = await quotedOnce();
    await restoreAnother(symbol);
    expect(await quoted(conversation, symbol)).toMatchObject({ quoted: { close: 7 } });
  });

  // No request moves a conversation; in another history one may have its id.
  it('is what the place of the conversation shows, were that another one', async () => {
    const { symbol, revision } = await stockWith(service.api, '1');
    await putClose(service.api, { symbol, day: 0 }, 2);
    const branch = await forkBranch(service.api);
    await putClose(service.api, { symbol, day: 0, branch }, 5);
    const conversation = await openConversation(person.api);
    const move = async (to: string): Promise<unknown> =>
      execute(service.db.superuser, `update conversations set ${to} where id = '${conversation}'`);
    expect(await quoted(conversation, symbol)).toMatchObject({ quoted: { close: 2 } });
    await move(`as_of_revision = ${revision}`);
    expect(await quoted(conversation, symbol)).toMatchObject({ quoted: { close: 1 } });
    await move(`as_of_revision = null, branch_id = (select id from branches where name = '${branch}')`);
    expect(await quoted(conversation, symbol)).toMatchObject({ branch, quoted: { close: 5 } });
  });

  it('is told of the branch that has the number now', async () => {
    const { symbol } = await stockWith(service.api, '1');
    const branch = await forkBranch(service.api);
    const conversation = await openConversation(person.api, { branch });
    await quoted(conversation, symbol);
    const ran = watchStatements();
    await execute(
      service.db.superuser,
      `update branches set name = 'restored', created_at = created_at + interval '1 microsecond' where name = '${branch}'`,
    );
    const answer = await cite(person.api, conversation, [quote(symbol, 0)]);
    expect(answer.status).toBe(201);
    expect(ran.filter((name) => name.startsWith('quotes_'))).toHaveLength(1);
    await execute(service.db.superuser, `update branches set name = '${branch}' where name = 'restored'`);
  });

  it('is not looked at again because a branch was made', async () => {
    const { conversation, symbol, first } = await quotedOnce();
    await forkBranch(service.api);
    const ran = watchStatements();
    expect(await quoted(conversation, symbol)).toEqual(first);
    expect(ran).toEqual([STORE]);
  });

  it('is what its own branch shows', async () => {
    const { symbol } = await quotedOnce();
    const branch = await forkBranch(service.api);
    await putClose(service.api, { symbol, day: 0, branch }, 5);
    const [there, here] = [
      await openConversation(person.api, { branch }),
      await openConversation(person.api),
    ];
    for (let time = 0; time < 2; time++) {
      expect(await quoted(there, symbol)).toMatchObject({ branch, quoted: { close: 5 } });
      expect(await quoted(here, symbol)).toMatchObject({ branch: 'main', quoted: { close: 1 } });
    }
  });

  it('is refused when its branch was discarded since', async () => {
    const { symbol } = await stockWith(service.api, '1');
    const branch = await forkBranch(service.api);
    const conversation = await openConversation(person.api, { branch });
    await quoted(conversation, symbol);
    await service.api.delete(`/v1/branches/${branch}`);
    const answer = await cite(person.api, conversation, [quote(symbol, 0)]);
    expect(answer).toMatchObject({ status: 422, json: { code: 'citation-branch-discarded' } });
  });

  it('is what a conversation that is fixed may know, whatever others quote', async () => {
    const { symbol, revision } = await stockWith(service.api, '1');
    const fixed = await openConversation(person.api, { asOf: revision });
    await putClose(service.api, { symbol, day: 0 }, 2);
    const open = await openConversation(person.api);
    for (let time = 0; time < 2; time++) {
      expect(await quoted(open, symbol)).toMatchObject({ quoted: { close: 2 } });
      expect(await quoted(fixed, symbol)).toMatchObject({ revision, quoted: { close: 1 } });
    }
  });

  it('is held against the value that is said each time', async () => {
    const { conversation, symbol } = await quotedOnce();
    const answers = [];
    for (const value of [1, 2, 1])
      answers.push(await cite(person.api, conversation, [quote(symbol, 0, { value, field: 'close' })]));
    expect(answers.map(({ status }) => status)).toEqual([201, 422, 201]);
  });

  it('is nobody else’s way into a conversation', async () => {
    const { conversation, symbol } = await quotedOnce();
    const other = await service.signedIn('USER');
    expect((await cite(other.api, conversation, [quote(symbol, 0)])).status).toBe(404);
    await person.api.delete(`/v1/conversations/${conversation}`);
    expect((await cite(person.api, conversation, [quote(symbol, 0)])).status).toBe(404);
  });

  it('is found although it was not tracked when it was asked for', async () => {
    const conversation = await openConversation(person.api);
    const symbol = freshSymbol();
    for (let time = 0; time < 2; time++)
      expect((await cite(person.api, conversation, [quote(symbol, 0)])).status).toBe(422);
    await trackStock(service.api, symbol);
    await importCsv(service.api, symbol, csvOf([bar(day(0), '3')]));
    expect(await quoted(conversation, symbol)).toMatchObject({ quoted: { close: 3 } });
  });

  it('control: would be the old one, did the database not compare histories', async () => {
    const putBack = await changeAppend(service.db, 'compares no histories');
    const { conversation, symbol, first } = await quotedOnce();
    await putClose(service.api, { symbol, day: 0 }, 2);
    expect(await quoted(conversation, symbol)).toEqual(first);
    await putBack();
  });
});
