import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeWorld } from '../support/personas-world.js';
import { propertyOptions } from '../support/property.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { fuzzOperations, type FuzzRequest } from './api-fuzz-requests.js';
import { fuzz, Judge } from './api-fuzz-run.js';

/** `npm run drill:fuzz` says more. **Units**: seconds. */
const SECONDS = Number(process.env.STOCKROOM_FUZZ_SECONDS ?? '10');
const { seed } = propertyOptions({ runs: 1, limitMs: 0 });

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('any request at all', () => {
  it(
    'is answered as the document says, never with a 500, and never accepted against the document',
    async () => {
      const { requests, byStatus, findings } = await fuzz(app, { seconds: SECONDS, seed });
      process.stderr.write(`${requests} requests, seed ${seed}: ${JSON.stringify(byStatus)}\n`);
      expect({ seed, findings }).toEqual({ seed, findings: [] });
      // Neither all refused nor all accepted: else the requests are no test.
      expect((byStatus[200] ?? 0) / requests).toBeGreaterThan(0.05);
      expect((byStatus[400] ?? 0) / requests).toBeGreaterThan(0.05);
    },
    (SECONDS + 110) * 1_000,
  );

  it('control: is found out where a table is missing', async () => {
    const judge = new Judge(app.stranger);
    await judge.ask(app.api, request('listAuditEvents', ''));
    expect(judge.report().findings).toEqual([]);
    await asOwner(app.db, 'alter table audit_events rename to hidden');
    await judge.ask(app.api, request('listAuditEvents', ''));
    await asOwner(app.db, 'alter table hidden rename to audit_events');
    expect(judge.report().findings.join()).toContain('answered 500');
  });

  it('control: is found out where it is taken against the document, or the answer tells of the inside', async () => {
    const judge = new Judge(app.stranger);
    const answer = await app.api.get('/v1/stocks');
    const sent = request('createStock', '{"symbol":"A","id":1}');
    expect(judge.problemsOf(sent, answer).join()).toContain('accepted what the document forbids');
    const leak = { ...answer, status: 400, text: 'relation "users" does not exist' };
    expect(judge.problemsOf(sent, leak).join()).toContain('tells of the inside');
  });

  it('takes prices as the document has them: numbers or decimal strings', async () => {
    const { things } = await makeWorld(app, { chat: false });
    const judge = new Judge(app.stranger);
    for (const body of ['{"close":9.5,"open":9}', '{"close":"9.6","open":null}']) {
      const path = `/v1/stocks/${things.symbol}/data/${things.time}`;
      const answer = await judge.ask(app.api, { ...request('correctBar', body), path });
      expect(answer?.status).toBe(200);
    }
    expect(judge.report().findings).toEqual([]);
  });
});

/** A request for an operation without parameters. */
function request(operationId: string, body: string): FuzzRequest {
  const operation = fuzzOperations(app.stranger).find((one) => one.operationId === operationId);
  if (operation === undefined) throw new Error(`The document has no operation ${operationId}.`);
  const type = body === '' ? null : 'application/json';
  return { operation, path: operation.template, query: [], headers: {}, content: { type, body } };
}
