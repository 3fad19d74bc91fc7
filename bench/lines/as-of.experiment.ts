import type { Experiment } from '../bench.types.js';
import { seededSymbols, seedRevision, seedStocks, settle } from '../database/seed.queries.js';
import { contest, samplesOf } from '../load/load.js';
import { startService } from '../processes/service.js';

const DATABASE = 'bench_as_of';
const VERSIONS = 10;
const OLD_REVISION = 4;

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
    await server.run(DATABASE, ...settle());
    const { url } = await startService(bench, DATABASE);
    const now = seededSymbols(stocks).map((symbol) => `/v1/stocks/${symbol}/data?limit=100`);
    const results = await contest(bench, [
      { name: 'as of', url, paths: now.map((path) => `${path}&asOf=${OLD_REVISION}`) },
      { name: 'now', url, paths: now },
    ]);
    return new Map([['as-of', samplesOf(results, 0, 1)]]);
  },
};
