import type { Bench, Experiment } from '../bench.types.js';
import { connectionUrl } from '../database/bench-server.js';
import {
  seededSymbols,
  seedPlainTables,
  seedRevision,
  seedStocks,
  settle,
} from '../database/seed.queries.js';
import { contest, samplesOf, type Contestant } from '../load/load.js';
import { HttpProcess } from '../processes/http-process.js';
import { startService, startWithout } from '../processes/service.js';

const DATABASE = 'bench_latest';
const LIMIT = 100;

/** The latest 100 daily bars of a random stock, against the least that could answer it and against the usual way. */
export const latest: Experiment = {
  full: false,
  lines: [
    {
      key: 'latest-bare',
      title: 'latest 100 bars, signed in: ours / bare node:http + pg, no sign-in',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.7 },
    },
    {
      key: 'latest-orm',
      title: 'latest 100 bars, signed in: ours / ORM entities, same framework, no sign-in',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 10 },
    },
    {
      key: 'latest-bare-first',
      title: 'the same, every page for the first time: ours / bare node:http + pg',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.5 },
    },
    {
      key: 'latest-guard',
      title: 'latest 100 bars: signed in / the same service without its guard',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.8 },
    },
  ],
  async run(bench) {
    const [stocks, bars] = bench.quick ? [50, 500] : [500, 2_000];
    bench.say(`seeding ${stocks} stocks of ${bars} bars`);
    await seed(bench, stocks, bars);
    const paths = seededSymbols(stocks).map((symbol) => `/v1/stocks/${symbol}/data?limit=${LIMIT}`);
    const service = await startService(bench, DATABASE);
    const bare = await startYardstick(bench, 'bare-http', paths[0] ?? '');
    const orm = await startYardstick(bench, 'orm-entities', paths[0] ?? '');
    const open = await startWithout(bench, DATABASE, 'without-guard');
    for (const path of paths.slice(0, 5)) await requireSameBars([service, bare, orm, open], path);
    const results = await contest(bench, [
      { name: 'ours', ...service, paths },
      { name: 'ours, first time', ...service, paths, unique: true },
      { name: 'bare', url: bare.url, process: bare, paths },
      { name: 'entities', url: orm.url, process: orm, paths },
      { name: 'without guard', url: open.url, process: open, paths },
    ]);
    return new Map([
      ['latest-bare', samplesOf(results, 0, 2)],
      ['latest-orm', samplesOf(results, 0, 3)],
      ['latest-bare-first', samplesOf(results, 1, 2)],
      ['latest-guard', samplesOf(results, 0, 4)],
    ]);
  },
};

async function seed({ server, defer }: Bench, stocks: number, bars: number): Promise<void> {
  await server.createDatabase(DATABASE);
  defer(() => server.dropDatabase(DATABASE));
  await server.run(DATABASE, ...seedStocks(stocks), ...seedRevision({ revision: 1, stocks, bars }));
  await server.run(DATABASE, ...seedPlainTables(), ...settle());
}

async function startYardstick(bench: Bench, name: string, readyPath: string): Promise<HttpProcess> {
  const { host, port, user, password, database } = bench.server.connection(DATABASE, 'app');
  const yardstick = await HttpProcess.start(bench, {
    name,
    script: bench.yardstick(name),
    readyPath,
    env: {
      DATABASE_URL: connectionUrl(bench.server.connection(DATABASE, 'app')),
      BENCH_CONNECTION: JSON.stringify({ host, port, user, password, dbName: database }),
    },
  });
  bench.defer(() => yardstick.stop());
  return yardstick;
}

/** A comparison of different answers would mean nothing. **Errors**: when the bars differ in any value. */
async function requireSameBars(
  servers: readonly Pick<Contestant, 'url' | 'headers'>[],
  path: string,
): Promise<void> {
  const answers = await Promise.all(
    servers.map(async ({ url, headers = {} }) => (await fetch(`${url}${path}`, { headers })).json()),
  );
  const [ours, ...others] = answers.map((answer) => JSON.stringify((answer as { data: unknown[] }).data));
  if ((JSON.parse(ours ?? '[]') as unknown[]).length !== LIMIT)
    throw new Error(`${path} has not ${LIMIT} bars`);
  if (others.some((other) => other !== ours)) throw new Error(`the yardsticks answer ${path} otherwise`);
}
