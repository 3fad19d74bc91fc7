import type { Bench, Experiment } from '../bench.types.js';
import { connectionUrl } from '../database/bench-server.js';
import { seedConversations, seededConversations } from '../database/seed-messages.queries.js';
import { seedRevision, seedStocks, settle } from '../database/seed.queries.js';
import { contest, samplesOf, type Contestant } from '../load/load.js';
import { HttpProcess } from '../processes/http-process.js';
import { startService, startWithout } from '../processes/service.js';

const DATABASE = 'bench_messages';
const LIMIT = 50;

/** What an append sends: a message that quotes one price. */
const BODY = JSON.stringify({
  role: 'assistant',
  content: 'S0001 closed at what the citation says. '.repeat(8),
  citations: [{ type: 'stock-data', symbol: 'S0001', date: '1990-02-01' }],
});

/** Messages of long conversations: read a page, and add one that quotes a price. */
export const messages: Experiment = {
  full: false,
  lines: [
    {
      key: 'messages-page',
      title:
        'newest 50 of a long conversation, signed in, row-level security: ours / bare node:http + pg, neither',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.6 },
    },
    {
      key: 'messages-page-first',
      title: 'the same, every page for the first time: ours / bare node:http + pg, neither',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.5 },
    },
    {
      key: 'messages-append',
      title: 'append a message with a pinned price: ours / bare insert of the same rows in one transaction',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.5 },
    },
    {
      key: 'messages-append-first',
      title: 'the same, every price quoted for the first time: ours / bare insert of the same rows',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.4 },
    },
  ],
  async run(bench) {
    const { server } = bench;
    const [conversations, each] = bench.quick ? [10, 200] : [40, 1_000];
    await server.createDatabase(DATABASE);
    bench.defer(() => server.dropDatabase(DATABASE));
    await server.run(DATABASE, ...seedStocks(5), ...seedRevision({ revision: 1, stocks: 5, bars: 250 }));
    // The first administrator, whose conversations they are, comes with the first start.
    const service = await startService(bench, DATABASE);
    bench.say(`seeding ${conversations} conversations of ${each} messages`);
    await server.run(DATABASE, ...seedConversations(conversations, each), ...settle());
    const addresses = seededConversations(conversations).map((id) => `/v1/conversations/${id}/messages`);
    const pages = addresses.map((address) => `${address}?order=desc&limit=${LIMIT}`);
    const forgetful = await startWithout(bench, DATABASE, 'without-memory');
    const bare = await startYardstick(bench, pages[0] ?? '');
    const servers: readonly Contestant[] = [
      { name: 'ours', ...service, paths: pages },
      { ...service, name: 'ours, first time', url: forgetful.url, process: forgetful, paths: pages },
      { name: 'bare', url: bare.url, process: bare, paths: pages },
    ];
    for (const page of pages.slice(0, 5)) await requireSameMessages(servers, page);
    const read = await contest(bench, servers);
    const appended = await contest(
      bench,
      servers.map((server) => ({
        ...server,
        headers: { ...server.headers, 'content-type': 'application/json' },
        paths: addresses,
        body: BODY,
      })),
    );
    return new Map([
      ['messages-page', samplesOf(read, 0, 2)],
      ['messages-page-first', samplesOf(read, 1, 2)],
      ['messages-append', samplesOf(appended, 0, 2)],
      ['messages-append-first', samplesOf(appended, 1, 2)],
    ]);
  },
};

async function startYardstick(bench: Bench, readyPath: string): Promise<HttpProcess> {
  const yardstick = await HttpProcess.start(bench, {
    name: 'bare-messages',
    script: bench.yardstick('bare-messages'),
    readyPath,
    env: { DATABASE_URL: connectionUrl(bench.server.connection(DATABASE, 'app')) },
  });
  bench.defer(() => yardstick.stop());
  return yardstick;
}

/** **Errors**: when the two answer different messages: a comparison would mean nothing. */
async function requireSameMessages(
  servers: readonly Pick<Contestant, 'url' | 'headers'>[],
  path: string,
): Promise<void> {
  const [ours, ...others] = await Promise.all(
    servers.map(async ({ url, headers = {} }) => {
      const answer = await fetch(`${url}${path}`, { headers });
      return ((await answer.json()) as { data: readonly unknown[] }).data;
    }),
  );
  if (ours?.length !== LIMIT) throw new Error(`${path} has not ${LIMIT} messages`);
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(ours)))
    throw new Error(`the yardsticks answer ${path} otherwise`);
}
