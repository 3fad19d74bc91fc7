import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { environmentOf, type Workload } from './manifest.js';
import type { PodWorld } from './pod-world.js';

export interface PodOptions {
  /** The control: a pod that has nowhere to write. */
  readonly withoutVolume?: boolean;
  /** Another command with everything else of the pod, as `kubectl exec` runs one. */
  readonly args?: readonly string[];
}

/** One container of a workload, as a process behind a root of its own. */
export class Pod {
  readonly name: string;
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;
  private output = '';

  constructor(world: PodWorld, workload: Workload, options: PodOptions = {}) {
    this.name = `${workload.kind} ${workload.metadata.name}`;
    const { containers, volumes = [] } = workload.spec.template.spec;
    const [container] = containers;
    if (container === undefined) throw new Error(`${this.name} has no container.`);
    const writable = volumes.filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name);
    const mount = container.volumeMounts?.find(({ name }) => writable.includes(name));
    const environment = {
      ...world.imageEnvironment,
      ...environmentOf(container, world.manifests),
      HOST: '127.0.0.1',
      PORT: String(world.ports['http']),
      METRICS_PORT: String(world.ports['metrics']),
    };
    const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const contained = join(import.meta.dirname, 'contained.sh');
    const args = options.args ?? container.args ?? world.imageCommand;
    this.child = spawn('unshare', ['--mount', 'bash', contained, ...assignments, '/node', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        IMAGE: world.image,
        NODE: process.execPath,
        SECRETS: world.secretsOf(workload),
        SOCKET: world.socket,
        VOLUME: options.withoutVolume === true ? '' : (mount?.mountPath ?? ''),
      },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  /** **Shape**: status null when a signal ended it. */
  async ended(): Promise<{ readonly status: number | null; readonly output: string }> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return { status: this.child.exitCode, output: this.output };
  }

  /** What it wrote so far, with its name. */
  said(): string {
    return `--- ${this.name}\n${this.output}`;
  }

  terminate(): void {
    this.child.kill('SIGTERM');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
