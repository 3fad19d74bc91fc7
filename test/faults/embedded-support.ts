import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type {
  EmbeddedPostgresOptions,
  ServerAddress,
} from '../../src/database/embedded/embedded-postgres.js';
import { isAlive, readPostmasterPid } from '../../src/database/embedded/postmaster-pid.js';
import { SYSTEM_FOLDER } from '../../src/database/embedded/postgres-binaries.js';

export const PASSWORD = 'the password of the superuser in these tests';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Temporary folders and processes, with whatever servers and relocated clusters they lead to, removed by `cleanUp`. */
export class Scratch {
  private readonly folders: string[] = [];
  private readonly holders: HolderProcess[] = [];

  holder(...options: ConstructorParameters<typeof HolderProcess>): HolderProcess {
    const holder = new HolderProcess(...options);
    this.holders.push(holder);
    return holder;
  }

  async folder(): Promise<string> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'stockroom-fault-')));
    this.folders.push(folder);
    return folder;
  }

  async cleanUp(): Promise<void> {
    await Promise.all(this.holders.splice(0).map((holder) => holder.kill()));
    for (const folder of this.folders.splice(0)) {
      for (const location of await clustersBelow(folder)) {
        await killServer(location);
        const home = dirname(location);
        if (dirname(home) === SYSTEM_FOLDER) await rm(home, { recursive: true, force: true });
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

async function clustersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const clusters = entries.filter(({ name }) => /^postgres-\d+$/.test(name));
  return Promise.all(clusters.map((entry) => realpath(join(entry.parentPath, entry.name))));
}

/** The process id of the server, or undefined when none runs. */
export async function serverPid(location: string): Promise<number | undefined> {
  const pid = (await readPostmasterPid(location))?.pid;
  return pid !== undefined && (await isAlive(pid)) ? pid : undefined;
}

/** Kills the postmaster alone, as the kernel does when memory runs out. */
export async function killServer(location: string): Promise<void> {
  const pid = await serverPid(location);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** Runs one statement on a connection of its own. */
export async function query(address: ServerAddress, statement: string): Promise<Record<string, unknown>[]> {
  const { host, port, superuser: user } = address;
  const client = new Client({ host, port, user, password: PASSWORD, database: 'postgres', ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Repeats `attempt` until it gives a value. **Errors**: the last one, after `limitMs`. */
export async function eventually<T>(attempt: () => Promise<T | undefined>, limitMs = 15_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      const value = await attempt();
      if (value !== undefined) return value;
      if (Date.now() > deadline) throw new Error('The expected state did not come about in time.');
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(5);
  }
}

export interface HolderMessage {
  readonly held?: boolean;
  readonly closed?: boolean;
  readonly address?: ServerAddress;
  readonly location?: string;
  readonly error?: { readonly name: string; readonly message: string };
}

export type HolderOptions = Pick<EmbeddedPostgresOptions, 'dataDir' | 'holder' | 'binDir'> & {
  readonly umask?: number;
};

/** A node process that holds a server; see embedded-holder.ts. */
export class HolderProcess {
  readonly child: ChildProcessWithoutNullStreams;
  log = '';
  private readonly messages: AsyncIterator<string>;

  constructor(options: HolderOptions, account?: { readonly uid: number; readonly gid: number }) {
    this.child = spawn(
      process.execPath,
      [
        ...[
          '--import',
          '@swc-node/register/esm-register',
          join(projectRoot, 'test/faults/embedded-holder.ts'),
        ],
        JSON.stringify({ ...options, superuserPassword: PASSWORD }),
      ],
      // A process group of its own, as a shell gives to what it starts.
      { cwd: projectRoot, detached: true, ...account },
    );
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    this.messages = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  async message(): Promise<HolderMessage> {
    const next = await this.messages.next();
    if (next.done) throw new Error(`The holder ended without a word. It logged:\n${this.log}`);
    return JSON.parse(next.value) as HolderMessage;
  }

  /** **Errors**: when the holder was refused; its log is in the message. */
  async held(): Promise<{ readonly address: ServerAddress; readonly location: string }> {
    const { address, location, error } = await this.message();
    if (!address || !location) throw new Error(`${error?.name}: ${error?.message}\n${this.log}`);
    return { address, location };
  }

  async close(): Promise<void> {
    this.child.stdin.write('close\n');
    await this.message();
    if (this.child.exitCode === null) await once(this.child, 'exit');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}
