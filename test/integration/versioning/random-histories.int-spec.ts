import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReadBarsService } from '../../../src/stock-data/read-bars.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { day } from '../../factories/bars.js';
import { commitChanges, makeBranch, makeSeries, type Change } from '../../factories/versioned-bars.js';
import { propertyOptions } from '../../support/property.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

type State = ReadonlyMap<number, string>;

/** A branch as a naive mind keeps it: every change ever made, with its revision; nothing is ever closed or indexed. */
interface ModelBranch {
  readonly name: string;
  readonly parent: ModelBranch | null;
  readonly forkRevision: number;
  readonly commits: { readonly revision: number; readonly changes: readonly Change[] }[];
}

/** What a branch shows at a revision: the parent as it stood at the fork, then its own changes up to there. */
function stateAt(branch: ModelBranch, revision: number): State {
  const state = new Map(
    branch.parent === null ? [] : stateAt(branch.parent, Math.min(revision, branch.forkRevision)),
  );
  for (const commit of branch.commits.filter((item) => item.revision <= revision)) {
    for (const change of commit.changes) {
      if (change.close === null) state.delete(change.day);
      else state.set(change.day, change.close);
    }
  }
  return state;
}

function textOf(state: State): string {
  const sorted = [...state].sort(([a], [b]) => a - b);
  return sorted.map(([offset, close]) => `${day(offset)}=${close}`).join(' ');
}

/** What a commit has to report. */
function countsOf(state: State, changes: readonly Change[]) {
  const counts = { inserted: 0, corrected: 0, withdrawn: 0, unchanged: 0 };
  for (const { day: offset, close } of changes) {
    const before = state.get(offset) ?? null;
    if (before === close) counts.unchanged++;
    else if (close === null) counts.withdrawn++;
    else if (before === null) counts.inserted++;
    else counts.corrected++;
  }
  return counts;
}

type Step =
  | { readonly kind: 'commit'; readonly branch: number; readonly changes: readonly Change[] }
  | { readonly kind: 'fork'; readonly parent: number; readonly back: number };

// Few days and few prices, so that the same bar is changed, withdrawn and brought back again and again.
const change = fc.record({
  day: fc.integer({ min: 0, max: 7 }),
  close: fc.option(fc.constantFrom('1', '1.5', '2', '0.00000001', '99999.99'), { nil: null, freq: 4 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      branch: fc.nat(9),
      changes: fc.uniqueArray(change, { minLength: 1, maxLength: 6, selector: (item) => item.day }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fork' as const), parent: fc.nat(9), back: fc.nat(3) }),
  },
);

describe('any history of imports, corrections, withdrawals and forks', () => {
  let service: TestApp;
  let versioning: VersioningService;
  let bars: ReadBarsService;
  let runs = 0;

  beforeAll(async () => {
    service = await startTestApp();
    versioning = service.app.get(VersioningService);
    bars = service.app.get(ReadBarsService);
  });
  afterAll(() => service.close());

  async function read(symbol: string, branch: string, revision: number): Promise<string> {
    const range = {
      symbol,
      interval: '1d',
      branch,
      asOf: { revision },
      from: null,
      to: null,
      order: 'asc',
    } as const;
    const { body } = await bars.page(range, 100, undefined);
    // The close as PostgreSQL wrote it: a binary float would hide a digit.
    return [...body.matchAll(/"date":"([^"]+)".*?"close":([^,]+)/g)]
      .map(([, at, close]) => `${at}=${close}`)
      .join(' ');
  }

  it('is read as a naive model keeps it, on every branch at every revision, and reported as it counts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const run = ++runs;
        const symbol = `H${run}`;
        const seriesId = await makeSeries(service.db.owner, symbol);
        const main: ModelBranch = { name: 'main', parent: null, forkRevision: 0, commits: [] };
        const branches = [main];
        // A first bar, because a withdrawal is always of something that was there.
        const first = await commitChanges(versioning, { seriesId, changes: [{ day: 0, close: '1' }] });
        main.commits.push({ revision: first.head, changes: [{ day: 0, close: '1' }] });
        let head = first.head;
        for (const item of steps) {
          if (item.kind === 'fork') {
            const parent = branches[item.parent % branches.length] ?? main;
            const name = `h${run}-${branches.length}`;
            const forkRevision = Math.max(first.head, head - item.back);
            await makeBranch(service.db.owner, { name, parent: parent.name, forkRevision });
            branches.push({ name, parent, forkRevision, commits: [] });
            continue;
          }
          const branch = branches[item.branch % branches.length] ?? main;
          const { changes } = item;
          const counts = countsOf(stateAt(branch, head), changes);
          const report = await commitChanges(versioning, { seriesId, changes, branch: branch.name });
          const { inserted, corrected, withdrawn, unchanged } = report;
          expect({ inserted, corrected, withdrawn, unchanged }).toEqual(counts);
          const isNothing = counts.unchanged === changes.length;
          expect(report.revision).toBe(isNothing ? null : head + 1);
          if (report.revision !== null) branch.commits.push({ revision: report.revision, changes });
          head = report.head;
        }
        for (const branch of branches) {
          for (let revision = first.head; revision <= head; revision++) {
            const at = [branch.name, revision];
            expect([...at, await read(symbol, branch.name, revision)]).toEqual([
              ...at,
              textOf(stateAt(branch, revision)),
            ]);
          }
        }
      }),
      propertyOptions({ runs: 80, limitMs: 25_000 }),
    );
  }, 60_000);

  it('would be told from a model that forgets withdrawals: the comparison can fail', () => {
    const main: ModelBranch = {
      ...{ name: 'main', parent: null, forkRevision: 0 },
      commits: [
        { revision: 1, changes: [{ day: 0, close: '1' }] },
        { revision: 2, changes: [{ day: 0, close: null }] },
      ],
    };
    const forgetful = { ...main, commits: main.commits.slice(0, 1) };
    expect(textOf(stateAt(main, 2))).not.toBe(textOf(stateAt(forgetful, 2)));
  });
});
