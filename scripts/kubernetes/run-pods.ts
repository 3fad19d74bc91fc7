/**
 * Runs the migration job and the service as the manifests say: their arguments, environment, files, user and read-only root; and asks
 * the probes. Fails when a probe does not answer as it should, the job or the stop does not end with status 0, or when a pod without its
 * volume starts all the same, which would mean that the root is not read-only here.
 *
 * Ports and address are this machine's: other pods would share them here.
 *
 * Usage, as root: `node --import @swc-node/register/esm-register scripts/kubernetes/run-pods.ts <folder of the image> <rendered manifests>`.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStockroomClient, ok } from '../../clients/typescript/client.js';
import { Pod, type PodOptions } from './contained-pod.js';
import { named, readManifests, type Probe, type Workload } from './manifest.js';
import { openPodWorld, type PodWorld } from './pod-world.js';

const ANSWERS_WITHIN_MS = 60_000;
const EMAIL = 'pods@example.com';

async function main(image: string, file: string): Promise<void> {
  const manifests = readManifests(readFileSync(file, 'utf8'));
  const deployment = named<Workload>(manifests, 'Deployment', 'stockroom');
  const job = named<Workload>(manifests, 'Job', 'stockroom-migration');
  const [container] = deployment.spec.template.spec.containers;
  if (container === undefined) throw new Error('The deployment has no container.');
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-pods-'));
  const world = await openPodWorld({ folder, image, manifests });
  const started: Pod[] = [];
  const start = (workload: Workload, options?: PodOptions): Pod => {
    const pod = new Pod(world, workload, options);
    started.push(pod);
    return pod;
  };
  try {
    await withoutVolume(start(deployment, { withoutVolume: true }));
    const service = start(deployment);
    await answers(world, container.livenessProbe, 200);
    await answers(world, container.startupProbe, 503);
    await answers(world, container.readinessProbe, 503);
    await ends(start(job), 0);
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      await answers(world, probe, 200);
    }
    await answers(world, { httpGet: { path: '/metrics', port: 'metrics' } }, 200);
    await imports(
      world,
      start(deployment, {
        args: ['dist/src/cli/main.js', 'users', 'create-admin', '--email', EMAIL, '--json'],
      }),
    );
    await stops(service, deployment.spec.template.spec.terminationGracePeriodSeconds ?? 30);
  } catch (error) {
    for (const pod of started) console.error(pod.said());
    throw error;
  } finally {
    for (const pod of started) pod.kill();
    await world.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The control. */
async function withoutVolume(pod: Pod): Promise<void> {
  const { status, output } = await pod.ended();
  if (status === 0 || !output.includes('/var/lib/stockroom')) {
    throw new Error(`A pod without its volume ended with status ${status}, saying:\n${output}`);
  }
  console.log('without its volume the service is refused: its root is read-only');
}

/** The upload lies in the volume on its way: nothing else can be written to. */
async function imports(world: PodWorld, createAdmin: Pod): Promise<void> {
  const { status, output } = await createAdmin.ended();
  const json = /^\{.*\}$/m.exec(output)?.[0];
  if (status !== 0 || json === undefined) throw new Error(`No administrator was made:\n${output}`);
  const { password } = JSON.parse(json) as { readonly password: string };
  let token: string | null = null;
  const client = createStockroomClient({
    baseUrl: `http://127.0.0.1:${world.ports['http']}`,
    token: () => token,
  });
  ({ token } = await ok(client.POST('/v1/sessions', { body: { login: EMAIL, password } })));
  const { inserted } = await ok(
    client.POST('/v1/stock-data', {
      params: { query: { track: true } },
      headers: { 'Content-Type': 'text/csv' },
      body: 'Symbol,Date,Open,High,Low,Close,Volume\nACME,2024-03-04,50,51.25,49.8,51.1,120400\n',
      bodySerializer: (text: unknown) => text as string,
    }),
  );
  if (inserted !== 1) throw new Error(`${inserted} bars were imported, not 1.`);
  console.log('an administrator was made in the pod, and has imported a file');
}

async function ends(pod: Pod, expected: number): Promise<void> {
  const { status, output } = await pod.ended();
  if (status !== expected) throw new Error(`${pod.name} ended with status ${status}, saying:\n${output}`);
  console.log(`${pod.name} ended with status ${status}: ${output.trim().split('\n').at(-1)}`);
}

async function stops(pod: Pod, graceSeconds: number): Promise<void> {
  const since = performance.now();
  pod.terminate();
  await ends(pod, 0);
  const seconds = (performance.now() - since) / 1000;
  if (seconds > graceSeconds) throw new Error(`It took ${seconds} s, and is killed after ${graceSeconds} s.`);
}

async function answers(
  world: PodWorld,
  probe: Pick<Probe, 'httpGet'> | undefined,
  expected: number,
): Promise<void> {
  if (probe === undefined) throw new Error('A probe is missing.');
  const url = `http://127.0.0.1:${world.ports[probe.httpGet.port]}${probe.httpGet.path}`;
  const deadline = Date.now() + ANSWERS_WITHIN_MS;
  for (;;) {
    const status = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      (answer) => answer.status,
      () => null,
    );
    if (status === expected) break;
    if (Date.now() > deadline)
      throw new Error(`${probe.httpGet.path} was answered ${status}, not ${expected}.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  console.log(`${probe.httpGet.port} ${probe.httpGet.path}: ${expected}`);
}

const [image, file] = process.argv.slice(2);
if (image === undefined || file === undefined) throw new Error('Which folder, and which manifests?');
await main(image, file);
