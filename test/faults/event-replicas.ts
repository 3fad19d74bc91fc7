import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../architecture/rules/source-files.js';

const START_LIMIT_MS = 60_000;

/** A service as a process of its own, that may be killed and comes back at the same address. */
export class Replica {
  private child: ChildProcess | null = null;
  kills = 0;

  private constructor(
    private readonly port: number,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async start(env: NodeJS.ProcessEnv): Promise<Replica> {
    const replica = new Replica(await freePort(), env);
    replica.begin();
    await replica.ready();
    return replica;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Kills it as a machine that goes away would, and begins it again. */
  async killAndBegin(): Promise<void> {
    await this.kill();
    this.kills++;
    this.begin();
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Waits until it answers. **Errors**: when it does not. */
  async ready(): Promise<void> {
    const end = performance.now() + START_LIMIT_MS;
    while (performance.now() < end) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      if (answer?.ok === true) return;
      await sleep(50);
    }
    throw new Error('a replica did not become ready');
  }

  private begin(): void {
    const args = ['--import', '@swc-node/register/esm-register', join(ROOT, 'src/main.ts')];
    this.child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { PATH: process.env.PATH, ...this.env, HOST: '127.0.0.1', PORT: String(this.port) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
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
