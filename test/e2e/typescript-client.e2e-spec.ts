import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createStockroomClient, items, ok, StockroomError } from '../../clients/typescript/client.js';
import { runScript, type CommandResult } from '../support/command-line.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const EXAMPLE = 'clients/typescript/example.ts';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const example = (): Promise<CommandResult> => runScript(EXAMPLE, [t.url, t.admin.email, t.admin.password]);

describe('the example of the TypeScript client', () => {
  it('does what it says, and again over what it left', async () => {
    const told = (first: string): unknown[] => [
      first,
      'Link and nextCursor name the same page: true',
      '2024-03-06: closed at 52.05',
      '2024-03-05: closed at 51.65',
      '2024-03-04: closed at 51.1',
      expect.stringMatching(/^422 citation-misquoted: .* is 99\.99, but .* is 51\.65\.$/),
      'quoted: current',
      'after the correction: restated',
      'signed out: 401',
      '',
    ];
    for (const first of [
      'imported: 3 inserted, 0 corrected, 0 unchanged',
      'imported: 0 inserted, 1 corrected, 2 unchanged',
    ]) {
      const { status, stdout, stderr } = await example();
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout.split('\n')).toEqual(told(first));
    }
  }, 60_000);

  it('says how it is used', async () => {
    const { status, stderr } = await runScript(EXAMPLE, []);
    expect([status, stderr]).toEqual([1, expect.stringContaining('npm run client:example')]);
  }, 60_000);
});

describe('the TypeScript client', () => {
  it('throws what the service said, with its code', async () => {
    const client = createStockroomClient({ baseUrl: t.url });
    const refused = ok(client.GET('/v1/users/me'));
    await expect(refused).rejects.toBeInstanceOf(StockroomError);
    await expect(refused).rejects.toMatchObject({
      status: 401,
      code: 'unauthenticated',
      retryAfterSeconds: null,
      problem: { type: 'urn:stockroom:error:unauthenticated', instance: expect.any(String) },
    });
  });

  it('reads a list to its end, whatever the length of its pages', async () => {
    const token = t.api.headers['authorization']?.replace('Bearer ', '') ?? '';
    const client = createStockroomClient({ baseUrl: t.url, token: () => token });
    for (const title of ['a', 'b', 'c', 'd', 'e'])
      await ok(client.POST('/v1/conversations', { body: { title } }));
    const titles = async (limit: number): Promise<(string | null)[]> => {
      const found: (string | null)[] = [];
      const list = items((cursor) =>
        ok(client.GET('/v1/conversations', { params: { query: { limit, ...(cursor ? { cursor } : {}) } } })),
      );
      for await (const { title } of list) found.push(title);
      return found;
    };
    const all = await titles(500);
    expect(all.length).toBeGreaterThanOrEqual(5);
    expect(await titles(1)).toEqual(all);
    expect(await titles(2)).toEqual(all);
  });

  it('is packed with the version of openapi-fetch that it is tested with', () => {
    const read = (path: string): Record<string, Record<string, string>> =>
      JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
        string,
        Record<string, string>
      >;
    expect(read('../../clients/typescript/package.json')['dependencies']).toEqual({
      'openapi-fetch': read('../../package.json')['devDependencies']?.['openapi-fetch'],
    });
  });
});

describe('the TypeScript client, asked to come back later', () => {
  let server: Server;
  let answers: { status: number; retryAfter?: string }[];
  let asked: { method: string; body: string }[];
  let baseUrl: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        asked.push({ method: request.method ?? '', body: Buffer.concat(chunks).toString() });
        const { status, retryAfter } = answers.shift() ?? { status: 200 };
        const problem = {
          type: 'about:blank',
          title: 'x',
          status,
          detail: 'later',
          instance: 'i',
          code: 'later',
        };
        response
          .writeHead(status, {
            'content-type': status < 400 ? 'application/json' : 'application/problem+json',
            ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
          })
          .end(JSON.stringify(status < 400 ? { id: 'made' } : problem));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await once(server.close(), 'close');
  });

  const client = (retries?: number): ReturnType<typeof createStockroomClient> => {
    asked = [];
    return createStockroomClient({
      baseUrl,
      ...(retries === undefined ? {} : { retries }),
      longestWaitSeconds: 5,
    });
  };
  const create = (retries?: number): Promise<unknown> =>
    ok(client(retries).POST('/v1/conversations', { body: { title: 'once' } }));
  const read = (retries?: number): Promise<unknown> => ok(client(retries).GET('/v1/users/me'));

  it('does so after a 429, with the same body', async () => {
    answers = [{ status: 429, retryAfter: '0' }, { status: 429, retryAfter: '0' }, { status: 201 }];
    expect(await create()).toEqual({ id: 'made' });
    expect(asked).toEqual([1, 2, 3].map(() => ({ method: 'POST', body: '{"title":"once"}' })));
  });

  it('gives up after as many times as it was told', async () => {
    answers = [
      { status: 429, retryAfter: '0' },
      { status: 429, retryAfter: '0' },
    ];
    await expect(create(1)).rejects.toMatchObject({ status: 429, retryAfterSeconds: 0 });
    expect(asked).toHaveLength(2);
  });

  it('repeats a read after a 503, and no write, which may have been done', async () => {
    answers = [{ status: 503, retryAfter: '0' }];
    expect(await read()).toEqual({ id: 'made' });
    expect(asked).toHaveLength(2);
    answers = [{ status: 503, retryAfter: '0' }];
    await expect(create()).rejects.toMatchObject({ status: 503 });
    expect(asked).toHaveLength(1);
  });

  it('leaves a long wait, and one of unknown length, to whoever asked', async () => {
    answers = [{ status: 429, retryAfter: '3600' }];
    await expect(read()).rejects.toMatchObject({ retryAfterSeconds: 3600 });
    answers = [{ status: 429 }];
    await expect(read()).rejects.toMatchObject({ retryAfterSeconds: null });
    expect(asked).toHaveLength(1);
  });
});
