import { loadAll } from 'js-yaml';

/** One object of the cluster, as it stands in a file. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources?: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string>> | undefined>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

interface SecretItems {
  readonly items: readonly { readonly key: string; readonly path: string }[];
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: { readonly sizeLimit?: string };
  readonly secret?: SecretItems & { readonly secretName: string };
  readonly projected?: {
    readonly sources: readonly { readonly secret: SecretItems & { readonly name: string } }[];
  };
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

/** A Deployment or a Job, by what both have. */
export interface Workload extends Manifest {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

/** A CronJob, which has a Job inside. */
interface CronJob extends Manifest {
  readonly spec: { readonly jobTemplate: Pick<Workload, 'spec'> };
}

/** What {@link podsOf} finds: a pod, and what makes it. */
export interface Pod extends Pick<Manifest, 'kind' | 'metadata'> {
  readonly pod: PodSpec;
}

/** A NetworkPolicy, by what is let out. */
export interface NetworkPolicy extends Manifest {
  readonly spec: {
    readonly egress?: readonly {
      readonly ports?: readonly { readonly protocol: string; readonly port: number }[];
    }[];
  };
}

export interface ConfigMap extends Manifest {
  readonly data: Readonly<Record<string, string>>;
}

/** The documents of one file, empty ones left out. **Errors**: `YAMLException` for text that is no YAML, or has a key twice. */
export function readManifests(text: string): Manifest[] {
  return (loadAll(text) as (Manifest | null)[]).filter((document) => document !== null);
}

/** Of Deployments and Jobs: those of the service's own image. */
export function workloads(manifests: readonly Manifest[]): Workload[] {
  return manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'Job') as Workload[];
}

/** The pods of everything that makes some: Deployments, Jobs, CronJobs. */
export function podsOf(manifests: readonly Manifest[]): Pod[] {
  const plain = workloads(manifests);
  const timed = (manifests.filter(({ kind }) => kind === 'CronJob') as CronJob[]).map(
    ({ kind, metadata, spec }) => ({ kind, metadata, spec: spec.jobTemplate.spec }),
  );
  return [...plain, ...timed].map(({ kind, metadata, spec }) => ({
    kind,
    metadata,
    pod: spec.template.spec,
  }));
}

/** **Errors**: `Error` when there is none, because everything that asks for one would pass without it. */
export function named<T extends Manifest>(manifests: readonly Manifest[], kind: string, name: string): T {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} "${name}" among the manifests.`);
  return found as T;
}

/** What a container finds in its environment, apart from that of the image. */
export function environmentOf(
  container: Container,
  manifests: readonly Manifest[],
): Readonly<Record<string, string>> {
  const maps = (container.envFrom ?? []).flatMap(({ configMapRef }) =>
    configMapRef === undefined ? [] : [named<ConfigMap>(manifests, 'ConfigMap', configMapRef.name).data],
  );
  const own = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
  return Object.assign({}, ...maps, own) as Record<string, string>;
}

/** The files that a volume of secrets has. */
export function secretFiles({
  secret,
  projected,
}: Volume): { readonly secret: string; readonly path: string }[] {
  const own = secret === undefined ? [] : [{ ...secret, name: secret.secretName }];
  const all = [...own, ...(projected?.sources ?? []).map((source) => source.secret)];
  return all.flatMap(({ name, items }) => items.map(({ path }) => ({ secret: name, path })));
}
