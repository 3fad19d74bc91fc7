import autocannon from 'autocannon';

/** Keep-alive connections of every load. */
const CONNECTIONS = 16;

interface Job {
  readonly url: string;
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  /** Asks for no path twice. */
  readonly unique: boolean;
  /** Sent with POST; null to GET. */
  readonly body: string | null;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** For each connection: more than the service remembers, few enough to be prepared in no time. */
const UNIQUE_REQUESTS = 600;

/** The same bars under another address: an upper bound behind all of them. */
function neverAsked(path: string): string {
  const year = 2100 + Math.floor(Math.random() * 7_000);
  const [month, day] = [12, 28].map((limit) =>
    String(1 + Math.floor(Math.random() * limit)).padStart(2, '0'),
  );
  return `${path}&to=${year}-${month}-${day}`;
}

function requestsOf({ paths, unique, body }: Job): { path: string; method?: 'POST'; body?: string }[] {
  if (body !== null) return shuffled(paths).map((path) => ({ path, method: 'POST', body }));
  if (!unique) return shuffled(paths).map((path) => ({ path }));
  return Array.from({ length: UNIQUE_REQUESTS }, () => {
    const path = paths[Math.floor(Math.random() * paths.length)] ?? '';
    return { path: neverAsked(path) };
  });
}

/**
 * Asks a server for random paths, as fast as it answers, and prints the outcome as a line of JSON.
 *
 * **Why** a process of its own: the load must not share an event loop with anything that is measured.
 */
const job = JSON.parse(process.argv[2] ?? '') as Job;
const { url, headers, seconds } = job;
const result = await autocannon({
  url,
  connections: CONNECTIONS,
  duration: seconds,
  headers,
  setupClient: (client) => client.setRequests(requestsOf(job)),
});
const { duration, errors, timeouts, non2xx, latency } = result;
const rate = result['2xx'] / duration;
process.stdout.write(`${JSON.stringify({ rate, failed: errors + timeouts + non2xx, p99: latency.p99 })}\n`);
