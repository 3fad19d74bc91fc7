import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AggregateBarsService } from '../../../src/stock-data/aggregate/aggregate-bars.service.js';
import { AGGREGATES, type AggregateInterval } from '../../../src/stock-data/aggregate/aggregate.types.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { makeBranch } from '../../factories/versioned-bars.js';
import { assertProperty } from '../../support/property.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { aggregated, priceText, type ModelBar } from './aggregate-model.js';
import { commitBars, makeSeriesOf, shownPage, type BarStep } from './aggregate-support.js';

interface Commit {
  readonly branch: string;
  readonly revision: number;
  readonly bars: readonly BarStep[];
}

interface Branch {
  readonly name: string;
  readonly parent: Branch | null;
  readonly forkRevision: number;
}

/** What a branch shows at a revision: the parent as it stood at the fork, then its own changes up to there. */
function barsAt(commits: readonly Commit[], branch: Branch, revision: number): Map<string, ModelBar> {
  const fork = Math.min(revision, branch.forkRevision);
  const shown = branch.parent === null ? new Map<string, ModelBar>() : barsAt(commits, branch.parent, fork);
  for (const commit of commits.filter((item) => item.branch === branch.name && item.revision <= revision)) {
    for (const bar of commit.bars) {
      if (bar.close === null) shown.delete(bar.at);
      else shown.set(bar.at, bar);
    }
  }
  return shown;
}

const START = { '1d': Date.UTC(2023, 11, 18), '1m': Date.UTC(2024, 2, 1, 9, 50) } as const;
const STEP_MS = { '1d': 86_400_000, '1m': 60_000 } as const;

function timeOf(from: '1d' | '1m', offset: number): string {
  const text = new Date(START[from] + offset * STEP_MS[from]).toISOString();
  return from === '1d' ? text.slice(0, 10) : `${text.slice(0, 19)}Z`;
}

const price = fc.oneof(fc.constantFrom(1, 10_000_000_000_000), fc.integer({ min: 1, max: 99_999_999_999 }));
const rarelyNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 9 });
const barAt = fc.record({
  offset: fc.nat(90),
  prices: fc.tuple(price, price, price, price).map((four) => [...four].sort((a, b) => a - b)),
  holes: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(9)),
  volume: rarelyNull(fc.bigInt({ min: 0n, max: 9_223_372_036_854_775_807n })),
  isGone: fc.nat(5).map((n) => n === 0),
});

function stepOf(from: '1d' | '1m', drawn: typeof barAt extends fc.Arbitrary<infer T> ? T : never): BarStep {
  const at = timeOf(from, drawn.offset);
  if (drawn.isGone) return { at, close: null };
  const [low = 0, open = 0, close = 0, high = 0] = drawn.prices;
  const [holeOpen, holeHigh, holeLow, holeAdjusted] = drawn.holes;
  const orNull = (hole: number, units: number): string | null => (hole === 0 ? null : priceText(units));
  return {
    at,
    open: orNull(holeOpen, open),
    high: orNull(holeHigh, high),
    low: orNull(holeLow, low),
    close: priceText(close),
    adjClose: orNull(holeAdjusted, open),
    volume: drawn.volume === null ? null : String(drawn.volume),
  };
}

const history = fc.array(
  fc.record({
    branch: fc.nat(3),
    fork: fc.option(fc.record({ parent: fc.nat(3), back: fc.nat(2) }), { nil: null, freq: 3 }),
    bars: fc.uniqueArray(barAt, { minLength: 1, maxLength: 40, selector: ({ offset }) => offset }),
  }),
  { minLength: 1, maxLength: 6 },
);
const question = fc.record({
  interval: fc.constantFrom<AggregateInterval>('1w', '1mo', '5m', '15m', '1h'),
  order: fc.constantFrom('asc' as const, 'desc' as const),
  limit: fc.integer({ min: 1, max: 9 }),
  from: fc.option(fc.nat(90), { nil: null }),
  to: fc.option(fc.nat(90), { nil: null }),
});

describe('any history of days and minutes', () => {
  let service: TestApp;
  let versioning: VersioningService;
  let bars: AggregateBarsService;
  let runs = 0;

  beforeAll(async () => {
    service = await startTestApp();
    versioning = service.app.get(VersioningService);
    bars = service.app.get(AggregateBarsService);
  });
  afterAll(() => service.close());

  /** Stores a history for one source interval. **Shape**: what was committed, and the branches. */
  async function store(
    from: '1d' | '1m',
    steps: typeof history extends fc.Arbitrary<infer T> ? T : never,
    symbol: string,
  ): Promise<{ commits: readonly Commit[]; branches: readonly Branch[]; first: number; head: number }> {
    const seriesId = await makeSeriesOf(service.db.owner, symbol, from);
    const main: Branch = { name: 'main', parent: null, forkRevision: 0 };
    const branches = [main];
    const commits: Commit[] = [];
    const commit = async (branch: Branch, items: readonly BarStep[]): Promise<number> => {
      const report = await commitBars(versioning, { seriesId, branch: branch.name, bars: items });
      if (report.revision !== null) {
        commits.push({ branch: branch.name, revision: report.revision, bars: items });
      }
      return report.head;
    };
    const opening: BarStep = {
      ...{ at: timeOf(from, 3), open: null, high: null, low: null, close: '1' },
      ...{ adjClose: null, volume: null },
    };
    const first = await commit(main, [opening]);
    let head = first;
    for (const step of steps) {
      if (step.fork !== null) {
        const parent = branches[step.fork.parent % branches.length] ?? main;
        const forkRevision = Math.max(first, head - step.fork.back);
        const branch: Branch = { name: `${symbol}-${branches.length}`, parent, forkRevision };
        await makeBranch(service.db.owner, { name: branch.name, parent: parent.name, forkRevision });
        branches.push(branch);
      }
      const branch = branches[step.branch % branches.length] ?? main;
      const shown = barsAt(commits, branch, head);
      // Only what is there can be withdrawn.
      const items = step.bars.map((drawn) => stepOf(from, drawn));
      const possible = items.filter((bar) => bar.close !== null || shown.has(bar.at));
      if (possible.length > 0) head = await commit(branch, possible);
    }
    return { commits, branches, first, head };
  }

  it('is computed as a naive model does it, at every revision, on every branch, page by page', async () => {
    await assertProperty(
      [history, fc.array(question, { minLength: 2, maxLength: 5 })],
      async (steps, asked) => {
        const symbol = `A${++runs}`;
        const stored = {
          '1d': await store('1d', steps, `${symbol}D`),
          '1m': await store('1m', steps, `${symbol}M`),
        };
        for (const { interval, order, limit, from, to } of asked) {
          const source = AGGREGATES[interval].from === '1d' ? '1d' : '1m';
          const { commits, branches, first, head } = stored[source];
          const bound = (offset: number | null) => (offset === null ? null : timeOf(source, offset));
          for (const branch of branches) {
            for (let revision = first; revision <= head; revision++) {
              const all = aggregated(interval, [...barsAt(commits, branch, revision).values()]);
              const [lowest, highest] = [bound(from), bound(to)];
              const expected = all.filter(
                ({ at }) => (lowest === null || at >= lowest) && (highest === null || at <= highest),
              );
              if (order === 'desc') expected.reverse();
              const range = {
                ...{ symbol: symbol + (source === '1d' ? 'D' : 'M'), interval, source: undefined },
                ...{ branch: branch.name, asOf: { revision }, order },
                from: lowest === null ? null : new Date(lowest).toISOString(),
                to: highest === null ? null : new Date(highest).toISOString(),
              };
              const shown: ModelBar[] = [];
              let cursor: string | null = null;
              do {
                const { body } = await bars.page(range, limit, cursor ?? undefined);
                const page = shownPage(body);
                expect([page.revision, page.computedFrom]).toEqual([String(revision), source]);
                expect(page.data.length).toBe(Math.min(limit, expected.length - shown.length));
                shown.push(...page.data);
                cursor = page.nextCursor;
              } while (cursor !== null);
              expect(shown).toEqual(expected);
            }
          }
        }
      },
      { runs: 40, limitMs: 20_000 },
    );
  }, 60_000);

  it('would be told from one whose high forgets a day: the comparison can fail', () => {
    const bar = { open: '1', low: '1', close: '1', adjClose: null, volume: '1' };
    const days = [
      { ...bar, at: '2024-01-01', high: '2' },
      { ...bar, at: '2024-01-02', high: '3' },
    ];
    expect(aggregated('1w', days)).not.toEqual(aggregated('1w', days.slice(0, 1)));
    expect(aggregated('1w', days)).toEqual([{ ...bar, at: '2024-01-01', high: '3', volume: '2' }]);
  });
});
