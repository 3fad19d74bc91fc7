import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionSettings } from '../../../src/config/settings.js';
import { DatabaseSetupError } from '../../../src/database/database.errors.js';
import { waitForDatabase } from '../../../src/database/wait-for-database.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const SECRET = 'hunter2-very-secret';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** A port that answers as the given function says, until the test ends. */
let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

async function listen(onConnection: (socket: Socket) => void): Promise<ConnectionSettings> {
  server = createServer(onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { host: '127.0.0.1', port, user: 'u', password: SECRET, database: 'd', ssl: false };
}

/** A port that nobody listens at. */
async function closedPort(): Promise<ConnectionSettings> {
  const connection = await listen(() => undefined);
  server?.close();
  server = undefined;
  return connection;
}

async function refusal(
  connection: ConnectionSettings,
  seconds: number,
): Promise<{ error: Error; ms: number; retries: readonly number[] }> {
  const retries: number[] = [];
  const startedAt = performance.now();
  const error: unknown = await waitForDatabase(connection, {
    seconds,
    onRetry: (_reason, ms) => retries.push(ms),
  }).catch((reason: unknown) => reason);
  return { error: error as Error, ms: performance.now() - startedAt, retries };
}

describe('waiting for the database', () => {
  it('ends at once when it is there', async () => {
    await expect(waitForDatabase(db.app, { seconds: 0 })).resolves.toBeUndefined();
  });

  it.each([
    [
      'a wrong password',
      (): ConnectionSettings => ({ ...db.app, password: SECRET }),
      /wrong user or password/,
    ],
    [
      'an unknown user',
      (): ConnectionSettings => ({ ...db.app, user: 'nobody_knows' }),
      /wrong user or password/,
    ],
    [
      'an unknown database',
      (): ConnectionSettings => ({ ...db.app, database: 'nowhere' }),
      /no database "nowhere"/,
    ],
    [
      'no password where one is asked for',
      (): ConnectionSettings => ({ ...db.app, password: undefined }),
      /password/,
    ],
    [
      'a server without TLS where TLS is asked for',
      (): ConnectionSettings => ({ ...db.app, ssl: { rejectUnauthorized: true } }),
      /TLS/,
    ],
  ])('ends at once on %s, and says so without the secret', async (_what, wrong, message) => {
    const { error, ms, retries } = await refusal(wrong(), 30);
    expect(error).toBeInstanceOf(DatabaseSetupError);
    expect(error.message).toMatch(message);
    expect(error.message).toContain('DATABASE_URL');
    expect(`${error.message} ${String(error.stack)}`).not.toContain(SECRET);
    expect(`${error.message} ${String(error.stack)}`).not.toContain(db.app.password);
    expect([retries, ms < 10_000]).toEqual([[], true]);
  });

  it('is tried again with growing pauses until time is up, to the end of it', async () => {
    const { error, ms, retries } = await refusal(await closedPort(), 3);
    expect(error).toBeInstanceOf(DatabaseSetupError);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.message).not.toContain(SECRET);
    expect(retries.length).toBeGreaterThanOrEqual(4);
    // Half of each pause is chance, and the last ones are what was left.
    retries.slice(0, -2).forEach((pause, index) => {
      expect(pause).toBeGreaterThanOrEqual(125 * 2 ** index);
      expect(pause).toBeLessThanOrEqual(250 * 2 ** index);
    });
    expect(ms).toBeGreaterThan(2_900);
    expect(ms).toBeLessThan(4_000);
  });

  it('goes on when the database comes later', async () => {
    let attempts = 0;
    const connection = await listen((socket) => {
      attempts += 1;
      socket.destroy();
    });
    const { host, port } = connection;
    const waiting = waitForDatabase({ ...db.app, host, port }, { seconds: 20 });
    while (attempts < 2) await sleep(10);
    server?.close();
    // From now on the port leads to the real server's socket.
    server = createServer((socket) => {
      const upstream = connect(`${db.app.host}/.s.PGSQL.${db.app.port}`);
      socket.pipe(upstream).pipe(socket);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    }).listen(port, host);
    await expect(waiting).resolves.toBeUndefined();
    expect(attempts).toBeGreaterThanOrEqual(2);
  });

  it('can be called off', async () => {
    const off = new AbortController();
    const waiting = waitForDatabase(await closedPort(), {
      seconds: 60,
      signal: off.signal,
      onRetry: () => setImmediate(() => off.abort()),
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is not fooled by a server that never answers', async () => {
    const { error, ms } = await refusal(await listen(() => undefined), 1);
    expect(error).toBeInstanceOf(DatabaseSetupError);
    expect(ms).toBeLessThan(8_000);
  });
});
