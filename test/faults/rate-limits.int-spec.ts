import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { replicaStarter, type Replica } from '../integration/rate-limits/limits-support.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const AT_ONCE = 200;
const ANN = { userId: 'ann', address: '192.0.2.1' };
const GUESS = { account: { login: 'ann@example.org' }, address: '192.0.2.1' };

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const start = replicaStarter(() => db);

/** A line to the database that can be cut and mended. */
interface Line {
  readonly connection: ConnectionSettings;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

let lines: Server[] = [];
afterEach(() => {
  for (const server of lines) server.close();
  lines = [];
});

async function openLine(): Promise<Line> {
  const { host, port } = db.app;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
      });
    }
    client.pipe(upstream).pipe(client);
  });
  lines.push(server);
  const listen = async (at: number): Promise<void> => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const place = (server.address() as AddressInfo).port;
  return {
    connection: { ...db.app, host: '127.0.0.1', port: place },
    cut: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: () => listen(place),
  };
}

/** Requests and guesses, all at once. **Shape**: how many of each were let through. */
async function everybody(replicas: readonly Replica[]): Promise<{ requests: number; guesses: number }> {
  const each = Array.from({ length: AT_ONCE }, (_, index) => replicas[index % replicas.length] as Replica);
  const [requests, guesses] = await Promise.all([
    Promise.allSettled(each.map(async (replica) => replica.requests.admit('default', ANN))),
    Promise.allSettled(each.map(async (replica) => replica.guesses.admit(GUESS))),
  ]);
  const passed = (all: readonly PromiseSettledResult<void>[]): number =>
    all.filter(({ status }) => status === 'fulfilled').length;
  return { requests: passed(requests), guesses: passed(guesses) };
}

describe('while the counters cannot be reached', () => {
  it('nobody passes uncounted, nothing is rejected unheard, and all goes on afterwards', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', hear);
    try {
      const line = await openLine();
      const replicas = await start(3, { perUser: 10, windowSeconds: 3_600 }, line.connection);
      await line.cut();
      expect(await everybody(replicas)).toEqual({ requests: 0, guesses: 0 });
      await expect(replicas[0]?.guesses.admit(GUESS)).rejects.toMatchObject({ kind: 'unavailable' });
      await expect(replicas[0]?.requests.admit('default', ANN)).rejects.toMatchObject({
        kind: 'unavailable',
      });
      await line.mend();
      expect(await everybody(replicas)).toEqual({ requests: 10, guesses: expect.any(Number) });
      await expect(
        replicas[0]?.guesses.admit({ ...GUESS, account: { login: 'ben' } }),
      ).resolves.toBeUndefined();
    } finally {
      process.off('unhandledRejection', hear);
    }
    expect(unheard).toEqual([]);
  });

  it('what was taken before is used, and no more', async () => {
    const line = await openLine();
    const [replica] = (await start(1, { perUser: 320, windowSeconds: 3_600 }, line.connection)) as [Replica];
    // Points in advance: as many as were used, at most a sixteenth of the limit.
    for (let index = 0; index < 64; index++) await replica.requests.admit('default', ANN);
    await line.cut();
    const { requests } = await everybody([replica]);
    expect(requests).toBeLessThanOrEqual(20);
    await line.mend();
    const after = await everybody([replica]);
    // What is over the limit is refused: nothing was let through twice.
    expect(64 + requests + after.requests + (await everybody([replica])).requests).toBeLessThanOrEqual(320);
  });

  it('would let everybody pass if each process counted on alone', async () => {
    const line = await openLine();
    const replicas = await start(3, { perUser: 10, windowSeconds: 3_600 }, line.connection);
    await line.cut();
    const alone = new Map<Replica, number>();
    let passed = 0;
    for (const replica of Array.from({ length: AT_ONCE }, (_, index) => replicas[index % 3] as Replica)) {
      const counted = await replica.requests.admit('default', ANN).then(
        () => true,
        () => false,
      );
      // The fallback that is not there.
      alone.set(replica, (alone.get(replica) ?? 0) + 1);
      if (counted || (alone.get(replica) ?? 0) <= 10) passed++;
    }
    expect(passed).toBe(30);
  });
});
