import type { Experiment } from '../bench.types.js';
import { seedBranches, seededSymbols, seedRevision, seedStocks, settle } from '../database/seed.queries.js';
import { contest, samplesOf } from '../load/load.js';
import { startService } from '../processes/service.js';

const DATABASE = 'bench_as_of';
const VERSIONS = 10;
const OLD_REVISION = 4;
const BRANCH = 'b3';

/** History must not make the present slow, nor be slow itself: ten versions of every bar, read now and as of the fourth. */
export const asOf: Experiment = {
  full: false,
  lines: [
    {
      key: 'as-of',
      title: 'latest 100 bars, ten versions of each: as of the fourth / now',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.9 },
    },
    {
      key: 'as-of-first',
      title: 'the same, every page for the first time: as of the fourth / now',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.6 },
    },
    {
      key: 'branch',
      title: 'the same on a branch three deep: as of its first day / main now',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.9 },
    },
    {
      key: 'branch-first',
      title: 'the same, every page for the first time: branch / main now',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.4 },
    },
  ],
  async run(bench) {
    const { server } = bench;
    const [stocks, bars] = bench.quick ? [20, 300] : [100, 1_000];
    bench.say(`seeding ${stocks} stocks of ${bars} bars, ${VERSIONS} versions of each`);
    await server.createDatabase(DATABASE);
    bench.defer(() => server.dropDatabase(DATABASE));
    await server.run(DATABASE, ...seedStocks(stocks));
    for (let revision = 1; revision <= VERSIONS; revision++) {
      await server.run(DATABASE, ...seedRevision({ revision, stocks, bars }), 'vacuum (analyze) stock_data');
    }
    await server.run(DATABASE, ...seedBranches({ head: VERSIONS, stocks, bars, depth: 3 }));
    await server.run(DATABASE, ...settle());
    const service = await startService(bench, DATABASE);
    const now = seededSymbols(stocks).map((symbol) => `/v1/stocks/${symbol}/data?limit=100`);
    const then = now.map((path) => `${path}&asOf=${OLD_REVISION}`);
    const branch = now.map((path) => `${path}&branch=${BRANCH}&asOf=${VERSIONS + 3}`);
    const results = await contest(bench, [
      { name: 'now', ...service, paths: now },
      { name: 'as of', ...service, paths: then },
      { name: 'branch', ...service, paths: branch },
      { name: 'now, first time', ...service, paths: now, unique: true },
      { name: 'as of, first time', ...service, paths: then, unique: true },
      { name: 'branch, first time', ...service, paths: branch, unique: true },
    ]);
    return new Map([
      ['as-of', samplesOf(results, 1, 0)],
      ['as-of-first', samplesOf(results, 4, 3)],
      ['branch', samplesOf(results, 2, 0)],
      ['branch-first', samplesOf(results, 5, 3)],
    ]);
  },
};
