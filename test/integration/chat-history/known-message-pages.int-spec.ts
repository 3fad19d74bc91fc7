import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { withConnection } from '../../../src/database/direct-connection.js';
import { stockWith } from '../../factories/branches.js';
import { cite, openConversation, quote } from '../../factories/citations.js';
import { makeConversation } from '../../factories/conversations.js';
import type { ApiClient } from '../../support/api-client.js';
import { contentsOf, MessagePageReads, pageOf } from '../../support/message-page-reads.js';
import { underOtherKeys } from '../../support/other-keys.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let api: ApiClient;
let reads: MessagePageReads;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = await service.signedIn('USER'));
  reads = new MessagePageReads(service);
});
afterAll(() => service.close());

/** Writes as a restore does: past triggers and rights, to rows that this process has read otherwise. */
async function restore(write: (client: Client) => Promise<unknown>): Promise<void> {
  await withConnection(service.db.superuser, async (client) => {
    await client.query('set session_replication_role = replica');
    await write(client);
  });
}

/** Puts something else where a row was that is only seen by who reads it: nothing that a stamp is made of changes. */
const unseen = (id: string) =>
  restore((client) =>
    client.query(`update messages set content = 'unseen' where conversation_id = $1 and content <> ''`, [id]),
  );

describe('a page of messages that was read twice, under other keys', () => {
  it('has a cursor of the keys in force', async () => {
    const { id } = await makeConversation(api, 2);
    const cursorOf = async (): Promise<string> =>
      ((await pageOf(api, id, { limit: 1 })).json as { nextCursor: string }).nextCursor;
    await reads.know(api, id, { limit: 1 });
    const before = await cursorOf();
    await underOtherKeys(service, async () => {
      const now = await cursorOf();
      expect(contentsOf(await pageOf(api, id, { limit: 1, cursor: now }))).toEqual(['message 2']);
      expect((await pageOf(api, id, { limit: 1, cursor: before })).status).toBe(400);
    });
  });
});

describe('a page of messages that was read twice, after a restore', () => {
  it('is still the one that is known where no message differs: the control of all that follow', async () => {
    const { id } = await makeConversation(api, 2);
    await reads.know(api, id);
    await unseen(id);
    expect(contentsOf(await pageOf(api, id))).toEqual(['message 1', 'message 2']);
  });

  it('is read again when another message has the place and the moment of one', async () => {
    const { id } = await makeConversation(api, 3);
    await reads.know(api, id);
    await restore((client) =>
      client.query(
        `with lost as (delete from messages where conversation_id = $1 and seq = 3 returning *)
         insert into messages (id, conversation_id, owner_id, seq, role, content, created_at)
         select gen_random_uuid(), conversation_id, owner_id, seq, role, 'another', created_at from lost`,
        [id],
      ),
    );
    expect(contentsOf(await pageOf(api, id))).toEqual(['message 1', 'message 2', 'another']);
  });

  it('is read again when a message was sent again with its id', async () => {
    const { id } = await makeConversation(api, 1);
    await reads.know(api, id);
    await restore((client) =>
      client.query(
        `update messages set content = 'again', created_at = created_at + interval '1 microsecond' where conversation_id = $1`,
        [id],
      ),
    );
    expect(contentsOf(await pageOf(api, id))).toEqual(['again']);
  });

  it('is read again when another of its messages is the redacted one', async () => {
    const { id } = await makeConversation(api, 2);
    const said = (await pageOf(api, id)).json as { data: readonly { id: string }[] };
    await api.delete(`/v1/conversations/${id}/messages/${said.data[0]?.id}`);
    expect(contentsOf(await reads.know(api, id))).toEqual(['', 'message 2']);
    await restore((client) =>
      client.query(
        `update messages m
         set redacted_at = other.redacted_at, content = case when m.seq = 1 then 'message 1' else '' end
         from messages other
         where m.conversation_id = $1 and other.conversation_id = $1 and other.seq = 3 - m.seq`,
        [id],
      ),
    );
    expect(contentsOf(await pageOf(api, id))).toEqual(['message 1', '']);
  });

  it('is read again when messages are back that retention had removed, also before its first', async () => {
    const { id } = await makeConversation(api, 4);
    await restore(async (client) => {
      await client.query('create table kept as select * from messages where conversation_id = $1', [id]);
      await client.query('delete from messages where conversation_id = $1 and seq = 1', [id]);
      expect(contentsOf(await reads.know(api, id, { limit: 2 }))).toEqual(['message 2', 'message 3']);
      await client.query('insert into messages select * from kept where seq = 1');
    });
    expect(contentsOf(await pageOf(api, id, { limit: 2 }))).toEqual(['message 1', 'message 2']);
  });

  it('is read again when its id was given to a fork', async () => {
    const [{ id }, parent] = [await makeConversation(api), await makeConversation(api, 1)];
    await reads.know(api, id);
    await restore((client) =>
      client.query('update conversations set parent_id = $2, fork_seq = 1, last_seq = 1 where id = $1', [
        id,
        parent.id,
      ]),
    );
    expect(contentsOf(await pageOf(api, id))).toEqual(['message 1']);
  });

  it('is read again when the newest revision was made at another moment, and quotes the prices of that', async () => {
    const { symbol, revision } = await stockWith(service.api, '1');
    const id = await openConversation(api);
    expect((await cite(api, id, [quote(symbol, 0)])).status).toBe(201);
    const known = await reads.know(api, id);
    await restore((client) =>
      client.query(
        `with ended as (
           update stock_data v set valid_to = $2::bigint + 1
           from stock_series x join tracked_stocks s on s.id = x.tracked_stock_id
           where x.id = v.series_id and s.symbol = $1
           returning v.*
         )
         insert into stock_data (series_id, branch_id, ts, valid_from, withdrawn)
         select series_id, branch_id, ts, valid_to, true from ended`,
        [symbol, revision],
      ),
    );
    // The control: the same number and the same moment are the same history.
    expect((await pageOf(api, id)).text).toBe(known.text);
    await restore((client) =>
      client.query(`update revisions set created_at = created_at + interval '1 second' where id = $1`, [
        revision,
      ]),
    );
    expect((await pageOf(api, id)).text).toContain('"status":"withdrawn"');
  });
});
