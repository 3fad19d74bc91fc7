import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { withConnection } from '../../../src/database/direct-connection.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { forkBranch, freshBranchName, putClose, revisionOf, stockWith } from '../../factories/branches.js';
import { cite, openConversation, quote, type CitingMessage } from '../../factories/citations.js';
import type { Persona } from '../../support/personas.js';
import { changeAppend } from '../../support/changed-append.js';
import { asOwner } from '../../support/sql.js';
import { beforeStatement, leaveStatements, watchStatements } from '../../support/statements.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let person: Persona;
beforeAll(async () => {
  service = await startTestApp();
  person = await service.signedIn('USER');
});
afterAll(() => service.close());

afterEach(leaveStatements);

/** A message with two quotations of a bar, while the bar is corrected between the look and the message. **Shape**: revisions. */
async function citedAcrossCorrection(): Promise<{ pinned: readonly number[]; correction: number }> {
  const { symbol } = await stockWith(service.api, '1');
  const conversation = await openConversation(person.api);
  let correction = 0;
  beforeStatement('append_message_as', async () => {
    correction = revisionOf(await putClose(service.api, { symbol, day: 0 }, 2));
  });
  const answer = await cite(person.api, conversation, [quote(symbol, 0), quote(symbol, 0)]);
  expect(answer.status).toBe(201);
  const { citations } = answer.json as CitingMessage;
  return { pinned: citations.map(({ revision }) => revision), correction };
}

describe('a message that is stored by one statement', () => {
  it('takes a look at prices before, where it quotes any, and nothing else', async () => {
    const { symbol, revision } = await stockWith(service.api, '1');
    const conversation = await openConversation(person.api);
    const ran = watchStatements();
    const quoting = await cite(person.api, conversation, [quote(symbol, 0)]);
    expect(ran.splice(0)).toEqual(['quotes_shown_conversation_as', 'append_message_as']);
    const plain = await cite(person.api, conversation, []);
    expect(ran.splice(0)).toEqual(['append_message_as']);
    expect([quoting.status, plain.status]).toEqual([201, 201]);
    expect(quoting.json).toMatchObject({ seq: 1, citations: [{ revision, status: 'current' }] });
    for (const { json } of [quoting, plain]) {
      const { id } = json as CitingMessage;
      expect((await person.api.get(`/v1/conversations/${conversation}/messages/${id}`)).json).toEqual(json);
    }
  });

  it('is pinned to the newest revision, also when that came between the look and the statement', async () => {
    const { pinned, correction } = await citedAcrossCorrection();
    expect(pinned).toEqual([correction, correction]);
  });

  it.each(['append_message_as', 'append_message'] as const)(
    'is refused when its branch was discarded just before %s',
    async (statement) => {
      const { symbol } = await stockWith(service.api, '1');
      const name = freshBranchName();
      await service.api.post('/v1/branches', { json: { name } });
      const conversation = await openConversation(person.api, { branch: name });
      beforeStatement(statement, () => service.api.delete(`/v1/branches/${name}`));
      const answer = await person.api.post(`/v1/conversations/${conversation}/messages`, {
        json: { role: 'assistant', content: 'x', citations: [quote(symbol, 0)] },
        headers: statement === 'append_message' ? { 'if-match': '"0"' } : {},
      });
      expect(answer).toMatchObject({ status: 422, json: { code: 'citation-branch-discarded' } });
      const stored = await asOwner(service.db, 'select from messages where conversation_id = $1', [
        conversation,
      ]);
      expect(stored).toEqual([]);
    },
  );

  it.each(['append_message_as', 'append_message'] as const)(
    'is stored although a branch was made just before %s',
    async (statement) => {
      const { symbol } = await stockWith(service.api, '1');
      const conversation = await openConversation(person.api);
      beforeStatement(statement, () => forkBranch(service.api));
      const answer = await person.api.post(`/v1/conversations/${conversation}/messages`, {
        json: { role: 'assistant', content: 'x', citations: [quote(symbol, 0)] },
        headers: statement === 'append_message' ? { 'if-match': '"0"' } : {},
      });
      expect(answer).toMatchObject({ status: 201, json: { citations: [{ quoted: { close: 1 } }] } });
    },
  );

  it('is not there when its conversation was deleted in between', async () => {
    const { symbol } = await stockWith(service.api, '1');
    const conversation = await openConversation(person.api);
    beforeStatement('append_message_as', () => person.api.delete(`/v1/conversations/${conversation}`));
    expect((await cite(person.api, conversation, [quote(symbol, 0)])).status).toBe(404);
  });

  it('is answered again while a commit is just ending', async () => {
    const { symbol } = await stockWith(service.api, '1');
    const conversation = await openConversation(person.api);
    const id = randomUUID();
    const first = await cite(person.api, conversation, [quote(symbol, 0)], { id });
    await withConnection(service.db.superuser, async (client) => {
      await client.query(`select pg_advisory_lock(${VersioningService.headLock()})`);
      expect(await cite(person.api, conversation, [quote(symbol, 0)], { id })).toMatchObject({
        status: 200,
        json: first.json,
      });
    });
  });

  it('has its metadata in the answer as it will be read', async () => {
    const conversation = await openConversation(person.api);
    const body = '{"role":"user","content":"x","metadata":{"zero":-0,"small":1E-7,"exact":1.10}}';
    const headers = { 'content-type': 'application/json' };
    const answer = await person.api.post(`/v1/conversations/${conversation}/messages`, { body, headers });
    const { id } = answer.json as CitingMessage;
    const read = await person.api.get(`/v1/conversations/${conversation}/messages/${id}`);
    expect(read.text).toBe(answer.text);
  });

  it('control: would be pinned to what is no longer there, did the statement not compare the revision', async () => {
    const putBack = await changeAppend(service.db, 'compares no histories');
    const { pinned, correction } = await citedAcrossCorrection();
    expect(pinned).toEqual([correction - 1, correction - 1]);
    await putBack();
  });
});
