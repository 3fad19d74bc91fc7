import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { day } from '../factories/bars.js';
import { barPath, forkBranch, mergeBranch, putClose, revisionOf, stockWith } from '../factories/branches.js';
import {
  cite,
  newestCitations,
  openConversation,
  quote,
  type CitingMessage,
  type ShownQuote,
} from '../factories/citations.js';
import { importCsv } from '../factories/stocks.js';
import type { ApiClient } from '../support/api-client.js';
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

interface Restated {
  readonly data: readonly (Pick<CitingMessage, 'conversationId' | 'seq'> & {
    readonly messageId: string;
    readonly ordinal: number;
    readonly citation: ShownQuote;
  })[];
  readonly nextCursor: string | null;
}

interface Affected {
  readonly count: number;
  readonly data: readonly { readonly messageId: string; readonly symbol: string }[];
  readonly nextCursor: string | null;
}

const affected = async (revision: number, query: Record<string, string | number> = {}): Promise<Affected> =>
  (await admin.get(`/v1/revisions/${revision}/affected-citations`, { query })).json as Affected;

const restated = async (client: ApiClient, query: Record<string, string | number>): Promise<Restated> =>
  (await client.get('/v1/citations/restated', { query })).json as Restated;

/** A conversation with one message that quotes the first day of a stock. */
async function quoted(symbol: string, branch = 'main'): Promise<string> {
  const id = await openConversation(api, { branch });
  const answer = await cite(api, id, [quote(symbol, 0)]);
  expect(answer.status).toBe(201);
  return id;
}

/** How the one citation of a conversation stands. */
async function standing(id: string): Promise<readonly unknown[]> {
  const [citation] = await newestCitations(api, id);
  return [
    citation?.status,
    citation?.quoted.close,
    citation?.current?.close ?? citation?.current,
    citation?.restatedBy,
  ];
}

describe('a quoted price', () => {
  it('is restated by a correction, withdrawn by a withdrawal, and names the revision that ended it', async () => {
    const { symbol } = await stockWith(admin, '1');
    const id = await quoted(symbol);
    expect(await standing(id)).toEqual(['current', 1, undefined, undefined]);
    const corrected = revisionOf(await putClose(admin, { symbol, day: 0 }, '2'));
    expect(await standing(id)).toEqual(['restated', 1, 2, corrected]);
    await admin.delete(barPath(symbol, 0));
    expect(await standing(id)).toEqual(['withdrawn', 1, null, corrected]);
    await putClose(admin, { symbol, day: 0 }, '1');
    expect(await standing(id)).toEqual(['restated', 1, 1, corrected]);
  });

  it('is restated by a revert and by an import, and not by one that says the same', async () => {
    const { symbol } = await stockWith(admin, '1');
    const correction = revisionOf(await putClose(admin, { symbol, day: 0 }, '2'));
    const id = await quoted(symbol);
    await importCsv(admin, symbol, `Date,Close\n${day(0)},2\n`);
    expect(await standing(id)).toEqual(['current', 2, undefined, undefined]);
    const revert = revisionOf(await admin.post(`/v1/revisions/${correction}/revert`));
    expect(await standing(id)).toEqual(['restated', 2, 1, revert]);
  });

  it('on a branch is restated there, and on main by the merge only', async () => {
    const { symbol } = await stockWith(admin, '1');
    const branch = await forkBranch(admin);
    const [onMain, inherited] = [await quoted(symbol), await quoted(symbol, branch)];
    await putClose(admin, { symbol, day: 0, branch }, '2');
    const own = await quoted(symbol, branch);
    expect([await standing(onMain), await standing(inherited), await standing(own)]).toEqual([
      ['current', 1, undefined, undefined],
      ['current', 1, undefined, undefined],
      ['current', 2, undefined, undefined],
    ]);
    const merge = revisionOf(await mergeBranch(admin, branch));
    expect([await standing(onMain), await standing(inherited), await standing(own)]).toEqual([
      ['restated', 1, 2, merge],
      ['restated', 1, 2, merge],
      ['current', 2, undefined, undefined],
    ]);
  });

  it('is restated by the first of two merges that change it, and shows what the second brought', async () => {
    const { symbol } = await stockWith(admin, '1');
    const [one, other, given] = [await forkBranch(admin), await forkBranch(admin), await forkBranch(admin)];
    const onMain = await quoted(symbol);
    for (const [n, branch] of [one, other, given].entries())
      await putClose(admin, { symbol, day: 0, branch }, String(n + 2));
    const own = await Promise.all([one, other, given].map(async (branch) => quoted(symbol, branch)));
    const first = revisionOf(await mergeBranch(admin, one));
    expect(await standing(onMain)).toEqual(['restated', 1, 2, first]);
    const second = revisionOf(await mergeBranch(admin, other, { onConflict: 'theirs' }));
    await admin.delete(`/v1/branches/${given}`);
    expect(await standing(onMain)).toEqual(['restated', 1, 3, first]);
    expect((await newestCitations(api, onMain))[0]?.currentRevision).toBe(second);
    expect([(await affected(first)).count, (await affected(second)).count]).toEqual([1, 0]);
    // What is quoted of a branch stands there, also when that was merged or discarded.
    expect(await Promise.all(own.map(standing))).toEqual(
      [2, 3, 4].map((close) => ['current', close, undefined, undefined]),
    );
  });

  it('stands the same in a fork of its conversation, and is gone from every list once redacted', async () => {
    const { symbol } = await stockWith(admin, '1');
    const id = await quoted(symbol);
    const fork = await api.post(`/v1/conversations/${id}/forks`, { json: { atSeq: 1 } });
    const revision = revisionOf(await putClose(admin, { symbol, day: 0 }, '2'));
    expect(await standing((fork.json as { id: string }).id)).toEqual(['restated', 1, 2, revision]);
    const since = revision - 1;
    const [listed] = (await restated(api, { since })).data;
    await api.delete(`/v1/conversations/${id}/messages/${listed?.messageId}`);
    expect([(await restated(api, { since })).data, await affected(revision)]).toMatchObject([
      [],
      { count: 0, data: [] },
    ]);
  });
});

describe('lists of restated citations', () => {
  it('hold one’s own, by the revision that did it, since a revision or an instant, page by page', async () => {
    const { symbol, revision } = await stockWith(admin, '1', '2', '3');
    const id = await openConversation(api);
    await cite(api, id, [
      quote(symbol, 0),
      quote(symbol, 1),
      { type: 'document', documentId: 'd' },
      quote(symbol, 2),
    ]);
    const other = (await service.signedIn('USER')).api;
    await cite(other, await openConversation(other), [quote(symbol, 0)]);
    const first = revisionOf(await putClose(admin, { symbol, day: 2 }, '30'));
    const instant = new Date().toISOString();
    const second = revisionOf(await importCsv(admin, symbol, `Date,Close\n${day(0)},10\n${day(1)},20\n`));
    const page = await restated(api, { since: revision, limit: 2 });
    const rest = await restated(api, { since: revision, limit: 2, cursor: page.nextCursor ?? '' });
    const seen = [...page.data, ...rest.data].map((it) => [
      it.ordinal,
      it.citation.restatedBy,
      it.citation.current?.close,
    ]);
    expect(seen).toEqual([
      [3, first, 30],
      [0, second, 10],
      [1, second, 20],
    ]);
    expect([page.data[0]?.conversationId, page.data[0]?.seq, rest.nextCursor]).toEqual([id, 1, null]);
    for (const since of [first, instant]) expect((await restated(api, { since })).data).toHaveLength(2);
    expect((await restated(api, { since: '2999-01-01T00:00:00Z' })).data).toEqual([]);
    expect((await restated(other, {})).data).toHaveLength(1);
  });

  it('of a revision tell an administrator how many and which, whoever’s they are, and nobody else', async () => {
    const { symbol } = await stockWith(admin, '1', '2');
    const visitor = service.visitor();
    for (const client of [api, visitor])
      await cite(client, await openConversation(client), [quote(symbol, 0), quote(symbol, 1)]);
    const revision = revisionOf(await importCsv(admin, symbol, `Date,Close\n${day(0)},10\n${day(1)},20\n`));
    const page = await affected(revision, { limit: 3 });
    expect([page.count, page.data.length]).toEqual([4, 3]);
    expect(page.data[0]).toMatchObject({
      symbol,
      date: day(0),
      quoted: { close: 1 },
      current: { close: 10 },
      status: 'restated',
    });
    expect((await affected(revision, { limit: 3, cursor: page.nextCursor ?? '' })).data).toHaveLength(1);
    const path = `/v1/revisions/${revision}/affected-citations`;
    expect([(await api.get(path)).status, (await visitor.get(path)).status]).toEqual([403, 401]);
    expect((await admin.get('/v1/revisions/999999/affected-citations')).status).toBe(404);
  });
});

describe('a dry run', () => {
  it('of a correction, withdrawal, merge or revert tells how many citations it would restate', async () => {
    const { symbol, revision } = await stockWith(admin, '1', '2');
    const branch = await forkBranch(admin);
    await putClose(admin, { symbol, day: 0, branch }, '5');
    for (let n = 0; n < 3; n++) await quoted(symbol);
    const dry = { dryRun: 'true' };
    const tried = [
      await admin.put(barPath(symbol, 0), { json: { close: 9 }, query: dry }),
      await admin.put(barPath(symbol, 0), { json: { close: 1 }, query: dry }),
      await admin.put(barPath(symbol, 0), { json: { close: 9 }, query: { ...dry, branch } }),
      await admin.put(barPath(symbol, 1), { json: { close: 9 }, query: dry }),
      await admin.delete(barPath(symbol, 0), { query: dry }),
      await admin.post(`/v1/branches/${branch}/merge`, { query: dry }),
      await admin.post(`/v1/revisions/${revision}/revert`, { query: dry }),
    ];
    const told = tried.map(
      ({ json }) => (json as { consequences: { restatedCitations: number } }).consequences,
    );
    expect(told.map(({ restatedCitations }) => restatedCitations)).toEqual([3, 0, 0, 0, 3, 3, 3]);
    const done = await putClose(admin, { symbol, day: 0 }, '9');
    expect(done.json).not.toHaveProperty('consequences');
    expect((await affected(revisionOf(done))).count).toBe(3);
  });
});
