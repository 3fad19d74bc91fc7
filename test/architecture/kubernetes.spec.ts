import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import {
  environmentOf,
  named,
  readManifests,
  secretFiles,
  workloads,
  type ConfigMap,
  type Container,
  type Manifest,
  type Workload,
} from '../../scripts/kubernetes/manifest.js';
import { networkProblems } from '../../scripts/kubernetes/network-rules.js';
import { IMAGE_USER, podProblems } from '../../scripts/kubernetes/pod-rules.js';
import { loadSettings } from '../../src/config/settings.js';
import { ROOT } from './rules/source-files.js';

/** PostgreSQL's default of 100, less three kept for superusers. */
const USUAL_CONNECTIONS = 97;
/** What an unfinished request may take at shutdown: "Shutdown" in docs/operations.md. */
const DRAIN_MS = 30_000;
/** Imports at work and waiting for a turn: docs/importing.md. */
const UPLOADS = 22;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const inFolder = (folder: string): Manifest[] =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap((file) => readManifests(read(join(folder, file))));
const texts = (): string => JSON.stringify(manifests);

const manifests = ['base', 'components/ingress', 'components/service-monitor'].flatMap((folder) =>
  inFolder(join('deploy/kubernetes', folder)),
);
const backup = inFolder('deploy/kubernetes/backup');
const deployment = named<Workload>(manifests, 'Deployment', 'stockroom');
const job = named<Workload>(manifests, 'Job', 'stockroom-migration');
const only = ({ spec }: Workload): Container => spec.template.spec.containers[0] as Container;
const service = only(deployment);
const dockerfile = read('Dockerfile');
const imageEnvironment = Object.fromEntries(
  [...dockerfile.matchAll(/^(?:ENV)?\s+([A-Z_]+)=(\S+)/gm)].map(([, name = '', value = '']) => [name, value]),
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-secrets-'));
  writeFileSync(join(folder, 'database-url'), 'postgres://stockroom_service:pw@db.example.com/stockroom');
  writeFileSync(join(folder, 'database-migration-url'), 'postgres://stockroom_migrator:pw@db.example.com/s');
  writeFileSync(
    join(folder, 'encryption-keys'),
    `k1:${Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64')}`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The environment of a container with the secrets of this test, and a folder that may be written to. */
function startingEnvironment(container: Container): Record<string, string> {
  const given = { ...imageEnvironment, ...environmentOf(container, manifests), STOCKROOM_DATA_DIR: folder };
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value.replace('/run/secrets/stockroom', folder)]),
  );
}

describe('the pods', () => {
  it('are as this project wants pods to be', () => expect(podProblems(manifests)).toEqual([]));

  it.each([
    ['may write to their root', '"readOnlyRootFilesystem":true', '"readOnlyRootFilesystem":false'],
    ['are root', `"runAsUser":${IMAGE_USER}`, '"runAsUser":0'],
    ['keep a capability', '"drop":["ALL"]', '"drop":["NET_RAW"]'],
    ['get links to services', '"enableServiceLinks":false', '"enableServiceLinks":true'],
    ['use what they like', '"limits":{"memory":"640Mi"', '"limits":{"cpu":"1"'],
    ['have a variable that nobody reads', '"METRICS_PORT"', '"METRIC_PORT"'],
    ['have a secret in their environment', '"DATABASE_URL_FILE"', '"DATABASE_URL"'],
    ['stand beside their secret', '"kind":"ServiceAccount"', '"kind":"Secret"'],
  ])('are told of when they %s', (_name, right, wrong) => {
    const broken = texts().replace(right, wrong);
    expect(broken).not.toBe(texts());
    expect(podProblems(JSON.parse(broken) as Manifest[])).toHaveLength(1);
  });

  it('that back up are, too', () => expect(podProblems(backup)).toEqual([]));

  it.each([
    ['may write to their root', '"readOnlyRootFilesystem":true', '"readOnlyRootFilesystem":false'],
    ['may be root', '"runAsNonRoot":true', '"runAsNonRoot":false'],
    ['are the user of another image', '"runAsUser":999', `"runAsUser":${IMAGE_USER}`],
    ['have a variable that nobody reads', '"DUMP_DIR"', '"DUMPS_DIR"'],
    ['have a password in their environment', '"PGSERVICE"', '"PGPASSWORD"'],
  ])('that back up are told of when they %s', (_name, right, wrong) => {
    const text = JSON.stringify(backup);
    expect(text).toContain(right);
    expect(podProblems(JSON.parse(text.replace(right, wrong)) as Manifest[])).toHaveLength(1);
  });

  it('start with the environment that they are given', () => {
    const settings = loadSettings(startingEnvironment(service));
    expect(settings.database.app).toMatchObject({ host: 'db.example.com', user: 'stockroom_service' });
    expect(settings.database.migrateOnStart).toBe(false);
    expect(loadSettings(startingEnvironment(only(job))).database.migration?.user).toBe('stockroom_migrator');
  });

  it('that serve know nothing of the login that migrates', () => {
    expect(JSON.stringify(deployment)).not.toContain('migration');
    const volumes = job.spec.template.spec.volumes ?? [];
    expect(volumes.flatMap(secretFiles)).not.toContainEqual(
      expect.objectContaining({ path: 'database-url' }),
    );
  });

  it('mount each file that a variable names', () => {
    for (const { spec } of workloads(manifests)) {
      const { containers, volumes = [] } = spec.template.spec;
      const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
      const mounted = volumes.flatMap((volume) =>
        secretFiles(volume).map(
          ({ path }) => `${mounts.find(({ name }) => name === volume.name)?.mountPath}/${path}`,
        ),
      );
      const variables = containers.flatMap((container) =>
        Object.entries(environmentOf(container, manifests)),
      );
      const wanted = variables.filter(([name]) => name.endsWith('_FILE')).map(([, path]) => path);
      expect(new Set(wanted)).toEqual(new Set(mounted));
    }
  });

  it('write where the image has its volume, and nowhere else', () => {
    for (const { spec } of [deployment, job]) {
      const { containers, volumes = [] } = spec.template.spec;
      const writable = volumes.filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name);
      const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
      const paths = mounts.filter(({ name }) => writable.includes(name)).map(({ mountPath }) => mountPath);
      expect(paths).toEqual([imageEnvironment['STOCKROOM_DATA_DIR']]);
    }
  });

  it('run as the user of the image', () => {
    expect(dockerfile).toContain(`\nUSER ${IMAGE_USER}:${IMAGE_USER}\n`);
  });
});

describe('what belongs together', () => {
  const settings = (): ReturnType<typeof loadSettings> => loadSettings(startingEnvironment(service));
  const port = (name: string): number | undefined =>
    service.ports?.find((candidate) => candidate.name === name)?.containerPort;

  it('is the ports of pods and those of the configuration', () => {
    expect(port('http')).toBe(settings().http.port);
    expect(port('metrics')).toBe(settings().metrics?.port);
  });

  it('is the probes and paths that the service has', () => {
    const paths = Object.keys((JSON.parse(read('docs/openapi.json')) as { paths: object }).paths);
    for (const probe of [service.startupProbe, service.livenessProbe, service.readinessProbe]) {
      expect(probe?.httpGet.port).toBe('http');
      expect(paths).toContain(probe?.httpGet.path);
    }
  });

  it('is the time to stop and the time that a stop takes', () => {
    const grace = (deployment.spec.template.spec.terminationGracePeriodSeconds ?? 0) * 1000;
    expect(grace).toBeGreaterThan(settings().http.shutdownDelayMs + DRAIN_MS);
    const unready = service.readinessProbe;
    const noticed = (unready?.periodSeconds ?? 99) * (unready?.failureThreshold ?? 99) * 1000;
    expect(noticed).toBeLessThan(settings().http.shutdownDelayMs);
  });

  it('is the time to start and the waiting that is part of a start', () => {
    const { periodSeconds = 0, failureThreshold = 0 } = service.startupProbe ?? {};
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(300 + 600);
  });

  it('is the connections of all pods, one more in a rollout, and those of the database', () => {
    const { spec } = named<Manifest & { spec: { maxReplicas: number } }>(
      manifests,
      'HorizontalPodAutoscaler',
      'stockroom',
    );
    const { data } = named<ConfigMap>(manifests, 'ConfigMap', 'stockroom');
    expect((spec.maxReplicas + 1) * Number(data['DATABASE_POOL_MAX'])).toBeLessThan(USUAL_CONNECTIONS);
  });

  it('is the volume and the uploads that may lie there', () => {
    const { data } = named<ConfigMap>(manifests, 'ConfigMap', 'stockroom');
    const volume = deployment.spec.template.spec.volumes?.find(({ name }) => name === 'uploads');
    const limit = Number(/^(\d+)Gi$/.exec(volume?.emptyDir?.sizeLimit ?? '')?.[1]) * 1024 ** 3;
    expect(limit).toBeGreaterThan(UPLOADS * Number(data['STOCKROOM_IMPORT_MAX_EXPANDED_BYTES']));
  });

  it('is the job and everything that it needs, so that it can be applied first, by its label', () => {
    const first = manifests.filter(
      ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'migration',
    );
    expect(first.map(({ kind }) => kind).toSorted()).toEqual(['Job', 'NetworkPolicy', 'ServiceAccount']);
    const { serviceAccountName, containers } = job.spec.template.spec;
    expect(named(first, 'ServiceAccount', serviceAccountName).kind).toBe('ServiceAccount');
    expect(containers.flatMap(({ envFrom = [] }) => envFrom)).toEqual([]);
  });

  it('is selectors and the labels of pods', () => {
    const labels = ({ spec }: Workload): unknown =>
      (spec.template as unknown as { metadata: { labels: unknown } }).metadata.labels;
    const selectors = [...texts().matchAll(/"(?:selector|podSelector)":(\{.*?\}+)/g)].map(
      ([, text = '']) => text,
    );
    const own = selectors.filter((text) => text.includes('app.kubernetes.io/name'));
    expect(own.length).toBeGreaterThanOrEqual(5);
    for (const text of own) {
      const known = [labels(deployment), labels(job)].some((pod) => text.includes(JSON.stringify(pod)));
      expect({ text, known }).toEqual({ text, known: true });
    }
  });
});

describe('what the network policies let out', () => {
  const all = [...manifests, ...backup];

  it('is what the pods talk to', () => {
    expect(networkProblems(all)).toEqual([]);
    const narrowed = JSON.stringify(all).replace('"port":8432', '"port":5432');
    expect(networkProblems(JSON.parse(narrowed) as Manifest[])).toEqual([
      'NetworkPolicy stockroom-backup: port 8432 is needed and not let out',
    ]);
  });

  it('is narrowed by the production overlay for the service and the migration alone', () => {
    const { patches } = load(read('deploy/kubernetes/overlays/production/kustomization.yaml')) as {
      patches: { path: string; target?: { name: string } }[];
    };
    const pattern = patches.find(({ path }) => path === 'database-network.yaml')?.target?.name;
    // As Kustomize takes it: the whole name.
    const meant = (name: string): boolean => new RegExp(`^(?:${pattern})$`).test(name);
    const names = all.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.name);
    expect(names.filter(meant)).toEqual(expect.arrayContaining(['stockroom', 'stockroom-migration']));
    expect(names.filter((name) => !meant(name))).toEqual(['stockroom-backup']);
  });
});

describe('the rules for the Prometheus operator', () => {
  it('are those for Prometheus; make.sh beside them makes them', () => {
    const [rule] = readManifests(read('deploy/kubernetes/components/alerts/alerts.yaml'));
    const { groups } = load(read('deploy/monitoring/alerts.yaml')) as { groups: unknown };
    expect(rule).toMatchObject({ kind: 'PrometheusRule', spec: { groups } });
  });
});
