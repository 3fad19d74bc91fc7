import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from './programs.js';
import { ROOT, storeVariables, type Store } from './store.js';

const READY_WITHIN_MS = 120_000;

/** An answer of the service. */
export interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The service as it is built, over a store of the drill, asked over HTTP like by anybody else. */
export class RunningService {
  token: string | null = null;
  private readonly closed: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
    private readonly said: { text: string },
  ) {
    this.closed = once(child, 'close');
  }

  /** Starts it and waits until it is ready. **Errors**: with what it said, when it ends instead. */
  static async start(store: Store, dataDir: string): Promise<RunningService> {
    const port = await freePort();
    const env = {
      ...storeVariables(store),
      HOST: '127.0.0.1',
      PORT: String(port),
      STOCKROOM_DATA_DIR: dataDir,
      STOCKROOM_LOG_LEVEL: 'warn',
      STOCKROOM_SHUTDOWN_DELAY_MS: '0',
    };
    const said = { text: '' };
    const child = start(process.execPath, [join(ROOT, 'dist/src/main.js')], { env, cwd: ROOT });
    for (const stream of [child.stdout, child.stderr])
      stream
        ?.setEncoding('utf8')
        .on('data', (text: string) => (said.text = (said.text + text).slice(-20_000)));
    const service = new RunningService(child, `http://127.0.0.1:${port}`, said);
    await service.untilReady();
    return service;
  }

  private async untilReady(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (this.child.exitCode === null && this.child.signalCode === null && performance.now() < deadline) {
      if ((await this.ask('GET', '/readyz').catch(() => null))?.status === 200) return;
      await sleep(50);
    }
    await this.stop();
    // What it said last arrives behind its end.
    await this.closed;
    throw new Error(`The service did not get ready:\n${this.said.text}`);
  }

  /** One request. **Shape**: `body` is JSON, or the text of a CSV file. **Errors**: when nothing answers within ten seconds. */
  async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const isCsv = typeof body === 'string';
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': isCsv ? 'text/csv' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isCsv ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(isCsv ? 600_000 : 10_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      json: text.startsWith('{') ? (JSON.parse(text) as Answer['json']) : {},
    };
  }

  /** A request that must succeed. */
  async must(method: string, path: string, body?: unknown): Promise<Answer['json']> {
    const { status, json } = await this.ask(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const gone = once(this.child, 'exit');
    // What waits for a database that is gone would drain for long.
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(kill);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
