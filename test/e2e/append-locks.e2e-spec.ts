import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** A transaction has a number as soon as it has written or locked anything. */
const ONLY_BEFORE_LOCKS = `
  create or replace function message_search(language text, content text) returns tsvector language plpgsql as $$
  begin
    if pg_current_xact_id_if_assigned() is not null then
      raise exception 'words are looked for behind a lock';
    end if;
    return to_tsvector(language::regconfig, content);
  end $$`;

let t: TestApp;
let route: string;
beforeAll(async () => {
  t = await startTestApp();
  const { id } = (await t.api.post('/v1/conversations', { json: {} })).json as { id: string };
  route = `/v1/conversations/${id}/messages`;
  await asOwner(t.db, ONLY_BEFORE_LOCKS);
});
afterAll(() => t.close());

describe('an append', () => {
  it('looks for the words of a long message before it locks the conversation', async () => {
    const content = `strong prices ${'x '.repeat(2_500)}`;
    const citations = [{ type: 'document', documentId: 'report' }];
    for (const more of [{}, { citations }, { id: '01900000-0000-4000-8000-000000000001' }]) {
      const answer = await t.api.post(route, { json: { role: 'user', content, ...more } });
      expect(answer.status).toBe(201);
    }
    const { data } = (await t.api.get('/v1/messages/search', { query: { q: 'price' } })).json as {
      data: readonly { seq: number }[];
    };
    expect(data.map(({ seq }) => seq)).toEqual(expect.arrayContaining([1, 2, 3]));
  });

  it('would be refused here otherwise', async () => {
    const behindLock = asOwner(
      t.db,
      `with taken as materialized (select id, owner_id from conversations for no key update)
       insert into messages (id, conversation_id, owner_id, seq, role, content)
       select gen_random_uuid(), id, owner_id, 4, 'user', 'late' from taken`,
    );
    await expect(behindLock).rejects.toThrow('behind a lock');
  });
});
