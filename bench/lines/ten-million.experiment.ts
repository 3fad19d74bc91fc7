import type { Bench, Experiment } from '../bench.types.js';
import { seededSymbols, seedRevision, seedStocks, settle } from '../database/seed.queries.js';
import { contest, samplesOf, type Contestant } from '../load/load.js';
import { startService } from '../processes/service.js';

const BARS = 5_000;

/** What is stored must not slow down what is read: the same question with a hundred times the bars. */
export const tenMillion: Experiment = {
  full: true,
  lines: [
    {
      key: 'ten-million',
      title: 'latest 100 bars, every page for the first time: 10,000,000 bars stored / 100,000 stored',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.85 },
    },
  ],
  async run(bench) {
    const many = await store(bench, 'bench_many', bench.quick ? 200 : 2_000);
    const few = await store(bench, 'bench_few', 20);
    return new Map([['ten-million', samplesOf(await contest(bench, [many, few]), 0, 1)]]);
  },
};

async function store(bench: Bench, database: string, stocks: number): Promise<Contestant> {
  const { server } = bench;
  bench.say(`seeding ${stocks * BARS} bars`);
  await server.createDatabase(database);
  bench.defer(() => server.dropDatabase(database));
  await server.run(database, ...seedStocks(stocks), ...seedRevision({ revision: 1, stocks, bars: BARS }));
  await server.run(database, ...settle());
  const service = await startService(bench, database);
  const paths = seededSymbols(stocks).map((symbol) => `/v1/stocks/${symbol}/data?limit=100`);
  // What is remembered would hide what is stored.
  return { name: `${stocks * BARS} bars`, ...service, paths, unique: true };
}
