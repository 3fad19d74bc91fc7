import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, operationsOf } from '../support/personas-calls.js';
import { EXPECTATIONS } from '../support/personas-expectations.js';
import { makeWorld } from '../support/personas-world.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** What every answer says to whoever keeps or shows it, refusals and errors included. */
const ALWAYS = {
  'cache-control': /^no-store$/,
  'strict-transport-security': /max-age=31536000/,
  'x-content-type-options': /^nosniff$/,
  'x-request-id': /./,
};

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** What an answer lacks, or tells of the server. */
function wrongHeaders(headers: Headers): readonly string[] {
  const missing = Object.entries(ALWAYS).filter(([name, form]) => !form.test(headers.get(name) ?? ''));
  const telling = ['server', 'x-powered-by'].filter((name) => headers.has(name));
  return [...missing.map(([name]) => name), ...telling];
}

/** The first answer to bytes that are no request a client library would send. */
async function rawAnswer(bytes: string): Promise<Headers> {
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  const lines = answer.toString().split('\r\n\r\n', 1)[0]?.split('\r\n').slice(1) ?? [];
  return new Headers(
    lines.map((line): [string, string] => [line.split(': ', 1)[0] ?? '', line.replace(/^[^:]*: /, '')]),
  );
}

describe('every answer', () => {
  it('of every operation, granted or refused, is not kept, not guessed at and names its request', async () => {
    const statuses = new Set<number>();
    const world = await makeWorld(app);
    // What ends sessions comes last: behind it there are only refusals.
    const order = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE'];
    const operations = operationsOf(app.stranger).toSorted(
      (a, b) => order.indexOf(a.method) - order.indexOf(b.method),
    );
    for (const operation of operations) {
      const expectation = EXPECTATIONS[operation.id];
      if (expectation === undefined) throw new Error(`${operation.id} has no line in the table.`);
      const { strangers, things, missing } = world;
      for (const api of [world.owner.api, strangers.administrator, strangers['no credentials']])
        for (const about of [things, missing]) {
          const { status, headers } = await call({ operation, expectation, world, api, things: about });
          statuses.add(status);
          expect([operation.id, status, wrongHeaders(headers)]).toEqual([operation.id, status, []]);
        }
    }
    for (const status of [200, 201, 204, 401, 403, 404]) expect([...statuses]).toContain(status);
  });

  it.each([
    ['of no route', '/nowhere', {}],
    ['of the document', '/openapi.json', {}],
    ['too long an address', `/v1/stocks/${'x'.repeat(400)}`, {}],
    ['to a damaged address', '/v1/stocks/%zz', {}],
    ['to a visitor who is none', '/v1/stocks', { 'x-session-id': '1' }],
  ])('%s has them', async (_kind, path, headers) => {
    const answer = await fetch(`${app.url}${path}`, { headers });
    await answer.text();
    expect(wrongHeaders(answer.headers)).toEqual([]);
  });

  it.each([
    ['what is no HTTP', 'HELO\r\n\r\n'],
    ['a method that there is not', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a request without a host', 'GET /livez HTTP/1.1\r\n\r\n'],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ])('to %s has them', async (_kind, bytes) => {
    expect(wrongHeaders(await rawAnswer(bytes))).toEqual([]);
  });
});
