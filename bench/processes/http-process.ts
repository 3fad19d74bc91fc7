import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.types.js';

export interface HttpProgram {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** A path that answers 200 as soon as the program may be used. */
  readonly readyPath: string;
}

const POLL_MS = 5;
const START_LIMIT_MS = 60_000;

/** A program that listens, as a process of its own; its output goes to a file, which costs nobody's event loop anything. */
export class HttpProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    /** **Units**: seconds from the start of the process to its first good answer. */
    readonly secondsToReady: number,
  ) {}

  static async start(
    bench: Pick<Bench, 'directory'>,
    { name, script, env, readyPath }: HttpProgram,
  ): Promise<HttpProcess> {
    const port = await freePort();
    const logPath = join(bench.directory, `${name}.log`);
    const log = await open(logPath, 'w');
    const startedAt = performance.now();
    const child = spawn(process.execPath, [script], {
      // Nothing of the caller's environment but the way to programs: a stray variable would change what is measured.
      env: {
        PATH: process.env.PATH ?? '',
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: String(port),
        ...env,
      },
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    const url = `http://127.0.0.1:${port}`;
    try {
      await becomesReady(child, `${url}${readyPath}`, startedAt + START_LIMIT_MS);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${name} does not start: ${(await readFile(logPath, 'utf8')).slice(-2_000)}`, {
        cause: error,
      });
    }
    return new HttpProcess(child, url, (performance.now() - startedAt) / 1000);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** The most memory it ever held. **Units**: bytes; null where the system does not say. */
  async peakMemory(): Promise<number | null> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGINT');
    await ended;
  }
}

async function becomesReady(child: ChildProcess, url: string, limit: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (performance.now() > limit) throw new Error('it took too long');
    const answer = await fetch(url).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok === true) return;
    await sleep(POLL_MS);
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
