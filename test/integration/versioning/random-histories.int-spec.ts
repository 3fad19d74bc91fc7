import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withConnection } from '../../../src/database/direct-connection.js';
import { SqlService } from '../../../src/database/sql.service.js';
import { BranchesService } from '../../../src/versioning/branches/branches.service.js';
import { MergeService } from '../../../src/versioning/merge/merge.service.js';
import { RevertService } from '../../../src/versioning/merge/revert.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { assertProperty } from '../../support/property.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { barsWorld } from './bars-world.js';
import { makeDiaries, diariesWorld } from './diaries-world.js';
import { stateAt, textOf, threeWay, type ModelBranch } from './history-model.js';
import { HistoryRun } from './history-runner.js';
import { history } from './history-steps.js';
import type { VersionedWorld, VersioningServices } from './history-world.js';

/** How much longer than in a usual run to look: a drill sets hundreds. */
const DEPTH = Number(process.env.STOCKROOM_TEST_DEPTH ?? 1);
/** Histories that happen at the same time. */
const LANES = 4;

describe('any history of imports, corrections, withdrawals, forks, merges, reverts and dry runs', () => {
  let service: TestApp;
  let services: VersioningServices;
  let histories = 0;

  beforeAll(async () => {
    service = await startTestApp();
    await makeDiaries(service.db.owner);
    services = {
      versioning: service.app.get(VersioningService),
      branches: service.app.get(BranchesService),
      merges: service.app.get(MergeService),
      reverts: service.app.get(RevertService),
    };
  });
  afterAll(() => service.close());

  async function live(world: VersionedWorld, limitMs: number): Promise<void> {
    await assertProperty(
      [fc.array(history, { minLength: LANES, maxLength: LANES })],
      async (lanes) => {
        await Promise.all(
          lanes.map(async (steps) => {
            const run = await HistoryRun.begin(world, services);
            for (const step of steps) await run.take(step);
            await run.compareAll();
            histories++;
          }),
        );
      },
      { runs: 1_000 * DEPTH, limitMs: limitMs * DEPTH },
    );
  }

  /** Versions that overlap, leave a gap after which nothing is, or are open twice. */
  async function brokenVersions({ table, scope, key }: VersionedWorld['table']): Promise<readonly unknown[]> {
    return withConnection(service.db.superuser, async (client) => {
      const { rows } = await client.query<Record<string, unknown>>(
        `select * from (
           select ${scope}, branch_id, ${key}, valid_from, valid_to,
             lead(valid_from) over (partition by ${scope}, branch_id, ${key} order by valid_from) as next
           from ${table}
         ) v
         where valid_to <> coalesce(next, 9223372036854775807)`,
      );
      return rows;
    });
  }

  it(
    'is read as a naive model keeps it, on every branch at every revision, and reported as it counts',
    async () => {
      const world = barsWorld(service);
      await live(world, 22_000);
      expect(await brokenVersions(world.table)).toEqual([]);
      // Says how far the time went, on a slow machine too.
      expect(histories).toBeGreaterThan(LANES);
    },
    60_000 * DEPTH,
  );

  it(
    'is the same in a table of another kind, because versioning knows neither',
    async () => {
      const world = diariesWorld(service.app.get(SqlService), services.versioning);
      await live(world, 10_000);
      expect(await brokenVersions(world.table)).toEqual([]);
    },
    60_000 * DEPTH,
  );
});

describe('the model that histories are compared with', () => {
  const branch = (...commits: ModelBranch['commits']): ModelBranch => ({
    ...{ name: 'main', parent: null, forkRevision: 0, status: 'open' },
    commits,
  });

  it('would tell a store that forgets a withdrawal', () => {
    const first = { revision: 1, changes: [{ day: 0, close: '1' }] };
    const main = branch(first, { revision: 2, changes: [{ day: 0, close: null }] });
    expect(textOf(stateAt(main, 2))).not.toBe(textOf(stateAt(branch(first), 2)));
  });

  it('tells the six ways in which a bar can come to a merge', () => {
    const state = (text: string) => new Map([...text].map((close, day) => [day, close]));
    const sides = { base: state('111111'), ours: state('112223'), theirs: state('121232') };
    expect(threeWay(sides, [0, 1, 2, 3, 4, 5], 'fail')).toEqual({
      changes: [{ day: 1, close: '2' }],
      unchanged: 1,
      conflicts: [4, 5],
    });
  });
});
