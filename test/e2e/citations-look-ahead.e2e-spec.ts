import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { day } from '../factories/bars.js';
import { barPath, forkBranch, putClose, revisionOf, stockWith } from '../factories/branches.js';
import { cite, openConversation, quote } from '../factories/citations.js';
import { importCsv } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let admin: ApiClient;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  admin = service.api;
  api = (await service.signedIn('USER')).api;
});
afterAll(() => service.close());

interface Refusal {
  readonly code: string;
  readonly errors: readonly { readonly path: string }[];
  readonly citations: readonly { readonly path: string; readonly code: string; readonly value?: string }[];
}

/** What an answer refuses, with values as they were written. */
function refusal(answer: ApiAnswer): readonly unknown[] {
  const { code, errors, citations } = answer.exact as Refusal;
  expect(errors.map(({ path }) => path)).toEqual(citations.map(({ path }) => path));
  return [answer.status, code, ...citations.map(({ path, code: own, value }) => [path, own, value])];
}
describe('a citation is refused', () => {
  it('when it looks ahead of what the conversation is fixed at', async () => {
    const { symbol, revision } = await stockWith(admin, '1');
    const id = await openConversation(api, { asOf: revision });
    const corrected = revisionOf(await putClose(admin, { symbol, day: 0 }, '2'));
    await importCsv(admin, symbol, `Date,Close\n${day(1)},3\n`);
    const refused = await cite(api, id, [
      quote(symbol, 0, { asOf: corrected }),
      quote(symbol, 1),
      quote(symbol, 0, { value: 2 }),
      quote(symbol, 0, { value: 1 }),
    ]);
    expect(refusal(refused)).toEqual([
      422,
      'citation-look-ahead',
      ['citations.0.asOf', 'citation-look-ahead', undefined],
      ['citations.1.date', 'citation-look-ahead', undefined],
      ['citations.2.value', 'citation-look-ahead', '1'],
    ]);
    const taken = await cite(api, id, [quote(symbol, 0, { value: 1 })]);
    expect(taken.json).toMatchObject({
      citations: [
        { revision, quoted: { close: 1 }, status: 'restated', current: { close: 2 }, restatedBy: corrected },
      ],
    });
  });

  it('as looking ahead, whichever later version it is of: the newest, one between, or of a bar that is gone again', async () => {
    const { symbol, revision: first } = await stockWith(admin, '9', '5');
    const put = async (close: string): Promise<number> =>
      revisionOf(await putClose(admin, { symbol, day: 0 }, close));
    const between = await put('11');
    const fixed = await put('10');
    for (const close of ['12', '13']) await put(close);
    await importCsv(admin, symbol, `Date,Close\n${day(2)},3\n`);
    await admin.delete(barPath(symbol, 2));
    const refused = await cite(api, await openConversation(api, { asOf: fixed }), [
      quote(symbol, 0, { value: 13 }),
      quote(symbol, 0, { value: 12 }),
      quote(symbol, 0, { value: 13, asOf: fixed }),
      quote(symbol, 0, { value: 12, asOf: first }),
      quote(symbol, 2),
      quote(symbol, 2, { asOf: first }),
      // Known in time, but of another revision; known never; no bar ever.
      quote(symbol, 0, { value: 11, asOf: first }),
      quote(symbol, 0, { value: 9, asOf: between }),
      quote(symbol, 0, { value: 14 }),
      quote(symbol, 1, { value: 12 }),
      quote(symbol, 7),
    ]);
    const [ahead, wrong, none] = ['citation-look-ahead', 'citation-misquoted', 'citation-bar-not-found'];
    expect(refusal(refused)).toEqual([
      422,
      ahead,
      ['citations.0.value', ahead, '10'],
      ['citations.1.value', ahead, '10'],
      ['citations.2.value', ahead, '10'],
      ['citations.3.value', ahead, '9'],
      ['citations.4.date', ahead, undefined],
      ['citations.5.date', ahead, undefined],
      ['citations.6.value', wrong, '9'],
      ['citations.7.value', wrong, '11'],
      ['citations.8.value', wrong, '10'],
      ['citations.9.value', wrong, '5'],
      ['citations.10.date', none, undefined],
    ]);
  });

  it('as looking ahead by what its own branch shows, and by nothing that came elsewhere', async () => {
    const { symbol, revision } = await stockWith(admin, '1');
    const branch = await forkBranch(admin);
    await putClose(admin, { symbol, day: 0, branch }, '2');
    await putClose(admin, { symbol, day: 0, branch }, '3');
    const twice = [quote(symbol, 0, { value: 2 })];
    expect(refusal(await cite(api, await openConversation(api, { asOf: revision, branch }), twice))).toEqual([
      422,
      'citation-look-ahead',
      ['citations.0.value', 'citation-look-ahead', '1'],
    ]);
    expect(refusal(await cite(api, await openConversation(api, { asOf: revision }), twice))).toEqual([
      422,
      'citation-misquoted',
      ['citations.0.value', 'citation-misquoted', '1'],
    ]);
  });
});
