import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { withConnection } from '../../../src/database/direct-connection.js';
import { putClose, revisionOf, stockWith } from '../../factories/branches.js';
import { cite, openConversation, quote, type CitingMessage } from '../../factories/citations.js';
import { append, makeConversation, tryAppend } from '../../factories/conversations.js';
import { asOwner } from '../../support/sql.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** Rows of chat history that belong to a visitor who has signed in: to nobody, that is. */
async function nobodysRows(): Promise<readonly object[]> {
  return asOwner(
    app.db,
    `with gone as (select id from sessions where user_id is null and revoked_at is not null)
     select 'conversation' as kind, id from conversations where visitor_id in (select id from gone)
     union all select 'message', id from messages where owner_id in (select id from gone)
     union all select 'citation', message_id from message_citations where owner_id in (select id from gone)
     union all select 'late citation', message_id from late_citations where owner_id in (select id from gone)
     union all select 'late citation of another', l.message_id
       from late_citations l join messages m on m.id = l.message_id where l.owner_id <> m.owner_id`,
  );
}

describe('a visitor who writes while they sign in', () => {
  it('has everything in the account that was answered, and nothing stays behind', async () => {
    const person = await app.signedIn('USER');
    for (let round = 0; round < 8; round++) {
      const visitor = app.stranger.with({ 'x-session-id': randomUUID() });
      const { id } = await makeConversation(visitor, 1);
      const writing = Array.from({ length: 6 }, async (_, n) =>
        n % 2 === 0
          ? tryAppend(visitor, id, { content: `meanwhile ${n}` })
          : visitor.post('/v1/conversations', { json: { title: `meanwhile ${round}` } }),
      );
      const login = { login: person.email, password: person.password };
      const session = await visitor.post('/v1/sessions', { json: login });
      const answers = await Promise.all(writing);
      expect(answers.every(({ status }) => [201, 401, 404].includes(status))).toBe(true);
      const account = app.stranger.as((session.json as { token: string }).token);
      for (const { status, json } of answers) {
        if (status !== 201) continue;
        const { id: made, conversationId } = json as { id: string; conversationId?: string };
        const path =
          conversationId === undefined
            ? `/v1/conversations/${made}`
            : `/v1/conversations/${id}/messages/${made}`;
        expect((await account.get(path)).status).toBe(200);
      }
      expect((await append(account, id)).seq).toBeGreaterThan(1);
    }
    expect(await nobodysRows()).toEqual([]);
  });
});

describe('a visitor whose citations were restated before they signed in', () => {
  it('hands them over as news: those that were late when cited, and those that were ended since', async () => {
    const { symbol, revision } = await stockWith(app.api, '1', '7');
    await putClose(app.api, { symbol, day: 0 }, '2');
    const visitor = app.stranger.with({ 'x-session-id': randomUUID() });
    const conversation = await openConversation(visitor);
    const quoted = [quote(symbol, 0, { asOf: revision }), quote(symbol, 1), quote(symbol, 0)];
    const { id } = (await cite(visitor, conversation, quoted)).json as CitingMessage;
    const head = revisionOf(await putClose(app.api, { symbol, day: 1 }, '8'));
    const { email, password, userId } = await app.signedIn('USER');
    await visitor.post('/v1/sessions', { json: { login: email, password } });
    const late =
      'select owner_id, ordinal, revision::int from late_citations where message_id = $1 order by number';
    expect(await asOwner(app.db, late, [id])).toEqual(
      [0, 1].map((ordinal) => ({ owner_id: userId, ordinal, revision: head })),
    );
    expect(await nobodysRows()).toEqual([]);
  });
});

const prototype = Client.prototype as { query: (...args: unknown[]) => unknown };
const { query } = prototype;
afterEach(() => {
  prototype.query = query;
});

/** What a visitor's new conversation is answered while their session is being taken over by an account, and not yet. */
async function madeDuringClaim(): Promise<number> {
  const visitor = app.stranger.with({ 'x-session-id': randomUUID() });
  await makeConversation(visitor);
  return withConnection(app.db.owner, async (client) => {
    await client.query('begin');
    await client.query(
      'update sessions set revoked_at = now() where id = (select max(visitor_id::text)::uuid from conversations)',
    );
    const making = visitor.post('/v1/conversations', { json: {} });
    await sleep(300);
    await client.query('commit');
    return (await making).status;
  });
}

describe('a conversation that is made while its visitor’s session is taken over', () => {
  it('waits for that, and is not made', async () => {
    expect(await madeDuringClaim()).toBe(401);
  });

  it('control: would be made for nobody if it did not hold the session', async () => {
    prototype.query = function (this: Client, ...args: unknown[]) {
      const [first, ...rest] = args as [{ name?: string; text?: string }];
      if (first.name !== 'conversation_hold_visitor') return query.apply(this, args);
      const { name: _, ...unnamed } = first;
      return query.apply(this, [{ ...unnamed, text: first.text?.replace('for share', '') }, ...rest]);
    };
    expect(await madeDuringClaim()).toBe(201);
  });
});
