/**
 * What the client is like to use: sign in, import a file, read it, quote a price in a conversation, correct that price, and be told that
 * the quotation is no longer what is known.
 *
 * Usage: `npm run client:example -- <url> <login> <password>`; needs the role ADMIN. It may be run as often as one likes.
 */
import {
  createStockroomClient,
  items,
  nextOfLink,
  ok,
  StockroomError,
  type StockroomClient,
} from './client.js';

const SYMBOL = 'CLIENT';
const FILE = `Symbol,Date,Open,High,Low,Close,Volume
${SYMBOL},2024-03-04,50.00,51.25,49.80,51.10,120400
${SYMBOL},2024-03-05,51.10,51.90,50.75,51.65,98750
${SYMBOL},2024-03-06,51.60,52.40,51.20,52.05,101300
`;

async function signedIn(baseUrl: string, login: string, password: string): Promise<StockroomClient> {
  let token: string | null = null;
  const client = createStockroomClient({ baseUrl, token: () => token });
  ({ token } = await ok(client.POST('/v1/sessions', { body: { login, password } })));
  return client;
}

async function importFile(client: StockroomClient): Promise<number> {
  const { inserted, corrected, unchanged, revision } = await ok(
    client.POST('/v1/stock-data', {
      params: { query: { track: true } },
      headers: { 'Content-Type': 'text/csv' },
      body: FILE,
      // As it is: without this, text would be sent as a JSON string.
      bodySerializer: (text: unknown) => text as string,
    }),
  );
  console.log(`imported: ${inserted} inserted, ${corrected} corrected, ${unchanged} unchanged`);
  return Number(revision);
}

async function latestBars(client: StockroomClient): Promise<void> {
  const path = { symbol: SYMBOL };
  const query = { order: 'desc', limit: 2 } as const;
  const first = await client.GET('/v1/stocks/{symbol}/data', { params: { path, query } });
  const { nextCursor } = await ok(Promise.resolve(first));
  console.log(`Link and nextCursor name the same page: ${nextOfLink(first.response) === nextCursor}`);
  const bars = items((cursor) =>
    ok(
      client.GET('/v1/stocks/{symbol}/data', {
        params: { path, query: { ...query, ...(cursor === undefined ? {} : { cursor }) } },
      }),
    ),
  );
  for await (const { date, close } of bars) console.log(`${date}: closed at ${close}`);
}

/** The id of the conversation and the message. */
async function quote(client: StockroomClient, asOf: number): Promise<{ id: string; messageId: string }> {
  const { id } = await ok(client.POST('/v1/conversations', { body: { title: 'The client at work' } }));
  const citation = { type: 'stock-data', symbol: SYMBOL, date: '2024-03-05', field: 'close', asOf } as const;
  const say = (value: number): ReturnType<typeof append> =>
    append(client, id, { content: `It closed at ${value}.`, citations: [{ ...citation, value }] });
  try {
    await say(99.99);
  } catch (error) {
    if (!(error instanceof StockroomError)) throw error;
    console.log(`${error.status} ${error.code}: ${error.message}`);
  }
  const message = await say(51.65);
  console.log(`quoted: ${statuses(message)}`);
  return { id, messageId: message.id };
}

const append = (
  client: StockroomClient,
  id: string,
  body: {
    content: string;
    citations: {
      type: 'stock-data';
      symbol: string;
      date: string;
      field: 'close';
      asOf: number;
      value: number;
    }[];
  },
) =>
  ok(
    client.POST('/v1/conversations/{id}/messages', {
      params: { path: { id } },
      body: { role: 'assistant', ...body },
    }),
  );

const statuses = ({ citations }: Awaited<ReturnType<typeof append>>): string =>
  citations.map((citation) => (citation.type === 'stock-data' ? citation.status : citation.type)).join(', ');

async function correct(client: StockroomClient): Promise<void> {
  await ok(
    client.PUT('/v1/stocks/{symbol}/data/{time}', {
      params: { path: { symbol: SYMBOL, time: '2024-03-05' } },
      body: { open: '51.10', high: '51.90', low: '50.75', close: '51.56', volume: 98750 },
    }),
  );
}

async function main(baseUrl: string, login: string, password: string): Promise<void> {
  const client = await signedIn(baseUrl, login, password);
  const revision = await importFile(client);
  await latestBars(client);
  const { id, messageId } = await quote(client, revision);
  await correct(client);
  const message = await ok(
    client.GET('/v1/conversations/{id}/messages/{messageId}', { params: { path: { id, messageId } } }),
  );
  console.log(`after the correction: ${statuses(message)}`);
  await ok(client.DELETE('/v1/sessions/current'));
  const dead = await client.GET('/v1/users/me');
  console.log(`signed out: ${dead.response.status}`);
}

const [baseUrl, login, password] = process.argv.slice(2);
if (baseUrl === undefined || login === undefined || password === undefined) {
  console.error('Usage: npm run client:example -- <url> <login> <password>');
  process.exitCode = 1;
} else {
  await main(baseUrl, login, password);
}
