import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bar, csvOf, day } from '../factories/bars.js';
import { barPath, forkBranch, mergeBranch, putClose, stockWith } from '../factories/branches.js';
import { cite, openConversation, quote } from '../factories/citations.js';
import { importCsv } from '../factories/stocks.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { assertProperty } from '../support/property.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const DAYS = 3;
const LIMIT_MS = 12_000;

let service: TestApp;
let admin: ApiClient;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  admin = service.api;
  api = (await service.signedIn('USER')).api;
});
afterAll(() => service.close());

interface Quoted {
  readonly messageId: string;
  readonly ordinal: number;
}
interface Told {
  readonly restatedCitations: number;
  readonly firstRestated: readonly Quoted[];
}
interface Report {
  readonly revision: number | null;
  readonly consequences?: Told;
}

/** What a revision restated, as the dry run should have told it. */
async function affectedBy(revision: number): Promise<Told> {
  const answer = await admin.get(`/v1/revisions/${revision}/affected-citations`);
  const { count, data } = answer.json as { count: number; data: readonly Record<string, unknown>[] };
  const shown = data.map(({ status: _, current: __, ...quoted }) => quoted as unknown as Quoted);
  return { restatedCitations: count, firstRestated: shown };
}

const NOTHING: Told = { restatedCitations: 0, firstRestated: [] };

type Run = (query: Record<string, string>) => Promise<ApiAnswer>;

/** Runs dry and for real: refused alike, or what was told is what came of it. **Shape**: how many citations. */
async function compare(run: Run): Promise<number> {
  const dry = await run({ dryRun: 'true' });
  const before = (await admin.get('/v1/revisions', { query: { limit: 1 } })).json as {
    data: { id: number }[];
  };
  const real = await run({});
  // Merges and reverts of what was done before are refused, dry or not.
  expect(dry.status >= 400 ? dry.status : 200).toBe(real.status >= 400 ? real.status : 200);
  if (real.status >= 400) return 0;
  const { revision, consequences } = {
    ...(real.json as Report),
    consequences: (dry.json as Report).consequences,
  };
  const isNew = revision !== null && revision > (before.data[0]?.id ?? 0);
  expect(consequences).toEqual(isNew ? await affectedBy(revision) : NOTHING);
  return consequences?.restatedCitations ?? 0;
}

const step = fc.record({
  kind: fc.constantFrom(
    'import',
    'import',
    'correction',
    'withdrawal',
    'revert',
    'merge',
    'cite',
    'cite',
    'fork',
  ),
  branch: fc.nat(3),
  days: fc.uniqueArray(fc.nat(DAYS - 1), { minLength: 1, maxLength: DAYS }),
  close: fc.constantFrom('1', '2', '3'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One stock with branches whose citations are restated again and again. */
class World {
  private readonly branches = ['main'];
  private last = 0;

  private constructor(private readonly symbol: string) {}

  static async make(): Promise<World> {
    const { symbol, revision } = await stockWith(admin, '1', '1', '1');
    const world = new World(symbol);
    world.last = revision;
    return world;
  }

  /** **Shape**: how many citations a dry run told of. */
  async take({ kind, branch: n, days, close }: Step): Promise<number> {
    const { symbol } = this;
    const branch = this.branches[n % this.branches.length] ?? 'main';
    const offset = days[0] ?? 0;
    if (kind === 'cite') {
      await cite(
        api,
        await openConversation(api, { branch }),
        days.map((d) => quote(symbol, d)),
      );
      return 0;
    }
    if (kind === 'fork') {
      const parents = await admin.get(`/v1/branches/${branch}`);
      if ((parents.json as { status: string }).status === 'open')
        this.branches.push(await forkBranch(admin, { parent: branch }));
      return 0;
    }
    const run: Record<Exclude<Step['kind'], 'cite' | 'fork'>, Run> = {
      import: (query) =>
        importCsv(admin, symbol, csvOf(days.map((d) => bar(day(d), close))), { ...query, branch }),
      correction: (query) =>
        admin.put(barPath(symbol, offset), { json: { close }, query: { ...query, branch } }),
      withdrawal: (query) => admin.delete(barPath(symbol, offset), { query: { ...query, branch } }),
      merge: (query) => admin.post(`/v1/branches/${branch}/merge`, { json: { onConflict: 'theirs' }, query }),
      revert: (query) => admin.post(`/v1/revisions/${this.last}/revert`, { query }),
    };
    const told = await compare(run[kind]);
    const newest = (await admin.get('/v1/revisions', { query: { limit: 1 } })).json as {
      data: { id: number }[];
    };
    this.last = newest.data[0]?.id ?? this.last;
    return told;
  }
}

describe('what a dry run tells of citations', () => {
  it('is what comes of the same change, whatever the history: imports, corrections, withdrawals, merges, reverts', async () => {
    let told = 0;
    await assertProperty(
      [fc.array(step, { minLength: 8, maxLength: 20 })],
      async (steps) => {
        const world = await World.make();
        for (const taken of steps) told += await world.take(taken);
      },
      { runs: 200, limitMs: LIMIT_MS },
    );
    expect(told).toBeGreaterThan(0);
  }, 60_000);

  it('is all of them by number, and fifty by name', async () => {
    const { symbol } = await stockWith(admin, '1');
    const id = await openConversation(api);
    const quotes = Array.from({ length: 30 }, () => quote(symbol, 0));
    for (let n = 0; n < 2; n++) expect((await cite(api, id, quotes)).status).toBe(201);
    const run: Run = (query) => importCsv(admin, symbol, csvOf([bar(day(0), '2')]), query);
    const { consequences } = (await run({ dryRun: 'true' })).json as Report;
    expect([consequences?.restatedCitations, consequences?.firstRestated.length]).toEqual([60, 50]);
    expect(await compare(run)).toBe(60);
  });

  it('is told by every way of an import: the first one, one with a row that is wrong, one of many stocks', async () => {
    const { symbol } = await stockWith(admin, '1');
    await cite(api, await openConversation(api), [quote(symbol, 0)]);
    const query = { dryRun: 'true', onError: 'skip' };
    const careful = await importCsv(admin, symbol, `Date,Close\n${day(0)},2\n${day(1)},x\n`, query);
    const many = await admin.post('/v1/stock-data', {
      ...{ type: 'text/csv', body: `Symbol,Date,Close\n${symbol},${day(0)},2\n`, query: { dryRun: 'true' } },
    });
    const same = await importCsv(admin, symbol, `Date,Close\n${day(0)},1\n`, query);
    const counts = [careful, many, same].map(({ json }) => (json as Report).consequences?.restatedCitations);
    expect(counts).toEqual([1, 1, 0]);
    const real = await importCsv(admin, symbol, `Date,Close\n${day(0)},2\n`);
    expect(real.json).not.toHaveProperty('consequences');
    expect((await putClose(admin, { symbol, day: 0 }, '3')).json).not.toHaveProperty('consequences');
    expect((await mergeBranch(admin, await forkBranch(admin))).json).not.toHaveProperty('consequences');
  });
});
