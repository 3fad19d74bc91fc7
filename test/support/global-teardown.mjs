import { once } from 'node:events';

/** Lets the test server's process go and waits until it has stopped PostgreSQL and removed its folder. */
export default async function globalTeardown() {
  const server = globalThis.stockroomTestServer;
  if (!server || server.exitCode !== null || server.signalCode !== null) return;
  server.stdin.end();
  await once(server, 'exit');
}
