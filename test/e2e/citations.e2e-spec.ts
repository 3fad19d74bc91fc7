import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { day } from '../factories/bars.js';
import { barPath, forkBranch, putClose, revisionOf, stockWith } from '../factories/branches.js';
import {
  cite,
  newestCitations,
  openConversation,
  quote,
  type CitingMessage,
} from '../factories/citations.js';
import { importCsv, trackStock } from '../factories/stocks.js';
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

describe('a citation', () => {
  it('of a price is pinned to the version that was read, and comes back with it', async () => {
    const { symbol, revision } = await stockWith(admin, '101.24', '102');
    const id = await openConversation(api);
    const answer = await cite(api, id, [quote(symbol, 0, { value: '101.240' })]);
    expect(answer.status).toBe(201);
    const shown = {
      ...{ type: 'stock-data', symbol, date: day(0), interval: '1d', field: 'close', value: 101.24 },
      ...{ revision, branch: 'main', status: 'current' },
      quoted: expect.objectContaining({ date: day(0), close: 101.24, open: null }),
    };
    expect((answer.json as CitingMessage).citations).toEqual([shown]);
    expect(await newestCitations(api, id)).toEqual([shown]);
  });

  it('keeps every digit of a value, and refuses one that differs in the last', async () => {
    const { symbol } = await stockWith(admin, '0.10000000000000000001');
    const id = await openConversation(api);
    const body = (value: string): string =>
      `{"role":"user","content":"x","citations":[{"type":"stock-data","symbol":"${symbol}","date":"${day(0)}","value":${value}}]}`;
    const path = `/v1/conversations/${id}/messages`;
    const wrong = await api.post(path, { type: 'application/json', body: body('0.1') });
    expect(refusal(wrong)).toEqual([
      422,
      'citation-misquoted',
      ['citations.0.value', 'citation-misquoted', '0.10000000000000000001'],
    ]);
    const right = await api.post(path, { type: 'application/json', body: body('0.10000000000000000001') });
    expect(right.status).toBe(201);
    expect(right.exact).toMatchObject({ citations: [{ value: '0.10000000000000000001' }] });
  });

  it('on a branch that left another one before that one’s own fork is of what stood then', async () => {
    const { symbol, revision } = await stockWith(admin, '1');
    await putClose(admin, { symbol, day: 0 }, '2');
    const parent = await forkBranch(admin);
    const branch = await forkBranch(admin, { parent, asOf: revision });
    const id = await openConversation(api, { branch });
    expect((await cite(api, id, [quote(symbol, 0, { value: 1 })])).json).toMatchObject({
      citations: [
        { revision, branch: 'main', quoted: { close: 1 }, status: 'restated', current: { close: 2 } },
      ],
    });
  });

  it('of an address or a document is kept as it is', async () => {
    const id = await openConversation(api);
    const citations = [
      { type: 'url', url: 'https://example.com/a?b=c#d', title: 'A report', snippet: 'said\nso' },
      { type: 'document', documentId: 'doc-1', page: 3 },
    ];
    expect((await cite(api, id, citations)).json).toMatchObject({ citations });
  });

  it.each([
    ['javascript:', { type: 'url', url: 'javascript:alert(1)' }, 'citations.0.url'],
    ['javascript: behind a line break', { type: 'url', url: 'java\nscript:alert(1)' }, 'citations.0.url'],
    ['data:', { type: 'url', url: 'data:text/html,x' }, 'citations.0.url'],
    ['a line break', { type: 'url', url: 'https://example.com/\na' }, 'citations.0.url'],
    ['no host', { type: 'url', url: 'https://' }, 'citations.0.url'],
    ['2,049 characters', { type: 'url', url: `https://example.com/${'a'.repeat(2_029)}` }, 'citations.0.url'],
    ['an unknown type', { type: 'film' }, 'citations.0.type'],
    ['a foreign member', { type: 'url', url: 'https://example.com', symbol: 'A' }, 'citations.0'],
    ['no time', { type: 'stock-data', symbol: 'A' }, 'citations.0.date'],
    [
      'an instant without interval',
      quote('A', 0, { date: undefined, ts: '2020-01-01T10:00:00Z' }),
      'citations.0.interval',
    ],
    ['a day of minutes', quote('A', 0, { interval: '1m' }), 'citations.0.date'],
    ['an exponent', quote('A', 0, { value: '1e2' }), 'citations.0.value'],
    ['a negative value', quote('A', 0, { value: -1 }), 'citations.0.value'],
    ['half a share', quote('A', 0, { field: 'volume', value: 1.5 }), 'citations.0.value'],
    ['an unknown field', quote('A', 0, { field: 'vwap' }), 'citations.0.field'],
    ['a status of its own', quote('A', 0, { status: 'current' }), 'citations.0'],
  ])('with %s is invalid', async (_, citation, path) => {
    const answer = await cite(api, await openConversation(api), [citation]);
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { code: 'validation-failed', errors: [{ path }] },
    ]);
  });

  it('may be one of fifty, not of fifty-one', async () => {
    const id = await openConversation(api);
    const many = Array.from({ length: 51 }, () => ({ type: 'document', documentId: 'd' }));
    expect((await cite(api, id, many)).status).toBe(400);
    expect((await cite(api, id, many.slice(1))).status).toBe(201);
  });
});

describe('a citation is refused', () => {
  it('when it misquotes a price: the true one is in the answer', async () => {
    const { symbol } = await stockWith(admin, '101.24');
    const refused = await cite(api, await openConversation(api), [
      quote(symbol, 0, { value: 101.42 }),
      quote(symbol, 0, { field: 'open', value: 1 }),
    ]);
    expect(refusal(refused)).toEqual([
      422,
      'citation-misquoted',
      ['citations.0.value', 'citation-misquoted', '101.24'],
      ['citations.1.value', 'citation-misquoted', null],
    ]);
  });

  it('when nobody tracks the symbol', async () => {
    const { symbol } = await stockWith(admin, '1');
    const refused = await cite(api, await openConversation(api), [quote(symbol, 0), quote('NOBODY', 0)]);
    expect(refusal(refused)).toEqual([
      422,
      'citation-symbol-not-tracked',
      ['citations.1.symbol', 'citation-symbol-not-tracked', undefined],
    ]);
  });

  it('when there is no such bar, or was none at its own asOf', async () => {
    const { symbol, revision } = await stockWith(admin, '1');
    const empty = await trackStock(admin);
    await importCsv(admin, symbol, `Date,Close\n${day(1)},2\n`);
    await admin.delete(barPath(symbol, 0));
    const refused = await cite(api, await openConversation(api), [
      quote(symbol, 0),
      quote(symbol, 1, { asOf: revision }),
      quote(symbol, 7),
      quote(empty, 0),
      { type: 'stock-data', symbol, ts: '2020-01-01T10:00:00Z', interval: '1m' },
      quote(symbol, 0, { asOf: revision }),
    ]);
    const code = 'citation-bar-not-found';
    expect(refusal(refused)).toEqual([
      422,
      code,
      ...[0, 1, 2, 3].map((n) => [`citations.${n}.date`, code, undefined]),
      ['citations.4.ts', code, undefined],
    ]);
  });

  it('with the branch that was read, in the message and beside the code', async () => {
    const { symbol, revision } = await stockWith(admin, '1');
    const branch = await forkBranch(admin);
    const open = await openConversation(api, { branch });
    const fixed = await openConversation(api, { branch, asOf: revision });
    const later = revisionOf(await putClose(admin, { symbol, day: 0, branch }, '2'));
    const told = async (id: string, citation: object): Promise<readonly unknown[]> => {
      const { code, detail, citations } = (await cite(api, id, [citation])).json as Refusal & {
        detail: string;
      };
      expect(detail).toContain(`branch ${branch}`);
      return [code, citations[0]];
    };
    expect(await told(open, quote(symbol, 5))).toEqual([
      'citation-bar-not-found',
      { path: 'citations.0.date', code: 'citation-bar-not-found', branch },
    ]);
    expect(await told(open, quote(symbol, 0, { value: 3 }))).toEqual([
      'citation-misquoted',
      { path: 'citations.0.value', code: 'citation-misquoted', branch, value: 2 },
    ]);
    expect(await told(fixed, quote(symbol, 0, { asOf: later }))).toEqual([
      'citation-look-ahead',
      { path: 'citations.0.asOf', code: 'citation-look-ahead', branch },
    ]);
    await admin.delete(`/v1/branches/${branch}`);
    expect(await told(open, quote(symbol, 0))).toEqual([
      'citation-branch-discarded',
      { path: 'citations.0', code: 'citation-branch-discarded', branch },
    ]);
  });

  it('when its branch was discarded', async () => {
    const { symbol } = await stockWith(admin, '1');
    const branch = await forkBranch(admin);
    const id = await openConversation(api, { branch });
    expect((await cite(api, id, [quote(symbol, 0)])).status).toBe(201);
    await admin.delete(`/v1/branches/${branch}`);
    expect(refusal(await cite(api, id, [quote(symbol, 0)]))).toEqual([
      422,
      'citation-branch-discarded',
      ['citations.0', 'citation-branch-discarded', undefined],
    ]);
    expect((await cite(api, id, [{ type: 'document', documentId: 'd' }])).status).toBe(201);
  });

  it('when its asOf lies in the future or before everything, whether a revision or an instant', async () => {
    const { symbol } = await stockWith(admin, '1');
    const id = await openConversation(api);
    for (const asOf of [999_999, '2999-01-01T00:00:00Z'])
      expect(refusal(await cite(api, id, [quote(symbol, 0, { asOf })])).slice(0, 2)).toEqual([
        400,
        'as-of-in-future',
      ]);
    for (const asOf of [0, '1999-01-01T00:00:00Z'])
      expect(refusal(await cite(api, id, [quote(symbol, 0, { asOf })])).slice(0, 2)).toEqual([
        400,
        'as-of-before-first-revision',
      ]);
  });

  it('and nothing of its message is stored', async () => {
    const { symbol } = await stockWith(admin, '1');
    const id = await openConversation(api);
    await cite(api, id, [quote(symbol, 0), quote(symbol, 0, { value: 2 })]);
    expect((await api.get(`/v1/conversations/${id}/messages`)).json).toMatchObject({ data: [] });
    expect((await cite(api, id, [quote(symbol, 0)])).json).toMatchObject({ seq: 1 });
  });
});
