import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { putClose, stockWith } from '../../factories/branches.js';
import { makeConversation } from '../../factories/conversations.js';
import type { ApiAnswer, ApiClient } from '../../support/api-client.js';
import type { Persona } from '../../support/personas.js';
import { asOwner } from '../../support/sql.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const MESSAGES = 12_345;
/** The most rows that one statement of a sign-in may change, with room for the citations of each message. */
const MOST = 10_000;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const prototype = Client.prototype as { query: (...args: unknown[]) => unknown };
const { query } = prototype;
afterEach(() => {
  prototype.query = query;
});

/** Calls back with how many rows each statement changed that writes messages or citations. */
function watch(changed: (rows: number) => void): void {
  prototype.query = function (this: Client, ...args: unknown[]) {
    const [first] = args as [string | { text?: string }];
    const text = typeof first === 'string' ? first : first.text;
    const answer = query.apply(this, args);
    if (text !== undefined && /update "(messages|message_citations)"|insert into late_citations/.test(text))
      void (answer as Promise<{ rowCount: number }>).then(({ rowCount }) => changed(rowCount));
    return answer;
  };
}

/** Gives up whoever moves the second part of somebody's citations, which is behind that of the messages, as a server without room would. */
const CUT = `
  create sequence parts;
  grant usage on sequence parts to stockroom_app;
  create function give_up() returns trigger language plpgsql as $$
  begin
    if nextval('parts') = 2 then
      raise disk_full using message = 'no room';
    end if;
    return null;
  end $$;
  create trigger cut after update of owner_id on message_citations
  for each statement execute function give_up()`;

/** Each message of a conversation quotes a price that was corrected since. */
async function quoteInEach(id: string): Promise<void> {
  const { symbol, revision } = await stockWith(app.api, '1');
  await putClose(app.api, { symbol, day: 0 }, '2');
  await asOwner(
    app.db,
    `insert into message_citations (message_id, ordinal, owner_id, series_id, branch_id, ts, revision)
     select m.id, 0, m.owner_id, v.series_id, v.branch_id, v.ts, v.valid_from
     from messages m, stock_data v where m.conversation_id = $1 and v.valid_from = $2`,
    [id, revision],
  );
}

async function visitorWithMany(): Promise<{ visitor: ApiClient; id: string; person: Persona }> {
  const visitor = app.stranger.with({ 'x-session-id': randomUUID() });
  const { id } = await makeConversation(visitor);
  await asOwner(
    app.db,
    `insert into messages (id, conversation_id, owner_id, seq, role, content, search)
     select gen_random_uuid(), c.id, c.owner_id, n, 'user', 'message', ''
     from conversations c, generate_series(1, ${MESSAGES}) n where c.id = $1`,
    [id],
  );
  return { visitor, id, person: await app.signedIn('USER') };
}

const signIn = (visitor: ApiClient, { email, password }: Persona): Promise<ApiAnswer> =>
  visitor.post('/v1/sessions', { json: { login: email, password } });

/** Owners of the messages of a conversation, and of it, with how many each has. */
const ownersOf = (id: string): Promise<readonly object[]> =>
  asOwner(
    app.db,
    `select owner_id as owner, count(*)::integer as messages,
       (select c.owner_id from conversations c where c.id = $1) as conversation
     from messages where conversation_id = $1 group by owner_id`,
    [id],
  );

describe('a visitor with very many messages who signs in', () => {
  it('has them in the account, and no statement changed all of them', async () => {
    const { visitor, id, person } = await visitorWithMany();
    await quoteInEach(id);
    const changed: number[] = [];
    watch((rows) => changed.push(rows));
    expect((await signIn(visitor, person)).status).toBe(201);
    // Message, citation and, because the price was corrected, the news of that.
    expect(changed.reduce((sum, rows) => sum + rows, 0)).toBe(3 * MESSAGES);
    expect(Math.max(...changed)).toBeLessThan(MOST);
    expect(await ownersOf(id)).toEqual([
      { owner: person.userId, messages: MESSAGES, conversation: person.userId },
    ]);
  }, 60_000);

  it('keeps all of them when the server gives up half-way, and has them when they sign in again', async () => {
    const { visitor, id, person } = await visitorWithMany();
    await quoteInEach(id);
    const [before] = await ownersOf(id);
    await asOwner(app.db, CUT);
    expect((await signIn(visitor, person)).status).toBe(503);
    expect(await ownersOf(id)).toEqual([before]);
    expect((await visitor.get(`/v1/conversations/${id}`)).status).toBe(200);
    expect((await signIn(visitor, person)).status).toBe(201);
    expect(await ownersOf(id)).toMatchObject([{ owner: person.userId, messages: MESSAGES }]);
  }, 60_000);
});
