import type { Bench, Experiment } from '../bench.types.js';
import { connectionUrl } from '../database/bench-server.js';
import { seedConversations, seededConversations } from '../database/seed-messages.queries.js';
import { seedRevision, seedStocks, settle } from '../database/seed.queries.js';
import { contest, samplesOf } from '../load/load.js';
import { HttpProcess } from '../processes/http-process.js';
import { startService } from '../processes/service.js';

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
      key: 'messages-append',
      title: 'append a message with a pinned price: ours / bare insert of the same rows in one transaction',
      unit: 'req/s',
      measure: 'ratio',
      target: { atLeast: 0.5 },
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
    const bare = await startYardstick(bench, pages[0] ?? '');
    for (const page of pages.slice(0, 5)) await requireSameMessages([service, bare], page);
    const read = await contest(bench, [
      { name: 'ours', ...service, paths: pages },
      { name: 'bare', url: bare.url, process: bare, paths: pages },
    ]);
    const headers = { 'content-type': 'application/json' };
    const appended = await contest(bench, [
      {
        name: 'ours',
        url: service.url,
        process: service.process,
        headers: { ...service.headers, ...headers },
        paths: addresses,
        body: BODY,
      },
      { name: 'bare', url: bare.url, process: bare, headers, paths: addresses, body: BODY },
    ]);
    return new Map([
      ['messages-page', samplesOf(read, 0, 1)],
      ['messages-append', samplesOf(appended, 0, 1)],
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
  servers: readonly { readonly url: string; readonly headers?: Readonly<Record<string, string>> }[],
  path: string,
): Promise<void> {
  const [ours, bare] = await Promise.all(
    servers.map(async ({ url, headers = {} }) => {
      const answer = await fetch(`${url}${path}`, { headers });
      return ((await answer.json()) as { data: readonly unknown[] }).data;
    }),
  );
  if (ours?.length !== LIMIT) throw new Error(`${path} has not ${LIMIT} messages`);
  if (JSON.stringify(ours) !== JSON.stringify(bare))
    throw new Error(`the yardstick answers ${path} otherwise`);
}
