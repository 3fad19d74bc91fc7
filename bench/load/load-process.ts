import autocannon from 'autocannon';

/** Keep-alive connections of every load. */
const CONNECTIONS = 16;

interface Job {
  readonly url: string;
  readonly paths: readonly string[];
  readonly seconds: number;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/**
 * Asks a server for random paths, as fast as it answers, and prints the outcome as a line of JSON.
 *
 * **Why** a process of its own: the load must not share an event loop with anything that is measured.
 */
const { url, paths, seconds } = JSON.parse(process.argv[2] ?? '') as Job;
const result = await autocannon({
  url,
  connections: CONNECTIONS,
  duration: seconds,
  setupClient: (client) => client.setRequests(shuffled(paths).map((path) => ({ path }))),
});
const { duration, errors, timeouts, non2xx, latency } = result;
const rate = result['2xx'] / duration;
process.stdout.write(`${JSON.stringify({ rate, failed: errors + timeouts + non2xx, p99: latency.p99 })}\n`);
