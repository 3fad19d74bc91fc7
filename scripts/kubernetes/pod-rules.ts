import { secretNames, variableNames } from '../../src/config/environment.schema.js';
import { environmentOf, workloads, type Container, type Manifest, type PodSpec } from './manifest.js';

/** What the Dockerfile says `USER`. */
export const IMAGE_USER = 10_001;

/** What an image sets by itself and no schema of ours knows. */
const OTHER_VARIABLES = new Set(['NODE_OPTIONS', 'NODE_ENV']);

const SAFE_POD = {
  runAsNonRoot: true,
  runAsUser: IMAGE_USER,
  runAsGroup: IMAGE_USER,
  fsGroup: IMAGE_USER,
  seccompProfile: { type: 'RuntimeDefault' },
};
const SAFE_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/**
 * What this project asks of each of its pods, beyond what the API takes.
 *
 * **Shape**: one sentence for each problem; empty when there is none.
 */
export function podProblems(manifests: readonly Manifest[]): string[] {
  const pods = workloads(manifests);
  const secrets = manifests.filter(({ kind }) => kind === 'Secret');
  return [
    ...(pods.length === 0 ? ['There is no Deployment and no Job.'] : []),
    ...secrets.map(
      ({ metadata }) => `Secret ${metadata.name}: secrets are referred to, and stand in no manifest.`,
    ),
    ...pods.flatMap(({ kind, metadata, spec }) =>
      [
        ...unsafePod(spec.template.spec),
        ...spec.template.spec.containers.flatMap((container) => [
          ...unsafeContainer(container),
          ...environmentProblems(container, manifests),
        ]),
      ].map((problem) => `${kind} ${metadata.name}: ${problem}`),
    ),
  ];
}

function unsafePod(pod: PodSpec): string[] {
  return [
    ...differences('securityContext', pod.securityContext, SAFE_POD),
    ...(pod.automountServiceAccountToken === false ? [] : ['automountServiceAccountToken is not false']),
    ...(pod.enableServiceLinks === false
      ? []
      : ['enableServiceLinks is not false: the cluster would set STOCKROOM_PORT, which ends the start']),
  ];
}

function unsafeContainer({ name, securityContext, resources }: Container): string[] {
  return [
    ...differences(`${name}.securityContext`, securityContext, SAFE_CONTAINER),
    ...['cpu', 'memory']
      .filter((resource) => resources?.requests?.[resource] === undefined)
      .map((resource) => `${name} requests no ${resource}`),
    ...(resources?.limits?.['memory'] === undefined ? [`${name} has no limit of memory`] : []),
  ];
}

function environmentProblems(container: Container, manifests: readonly Manifest[]): string[] {
  const secret = new Set<string>(secretNames);
  const known = new Set([...variableNames, ...secretNames.map((name) => `${name}_FILE`), ...OTHER_VARIABLES]);
  return Object.keys(environmentOf(container, manifests)).flatMap((name) => {
    if (secret.has(name)) return [`${name} is a secret: mount it, and name its file in ${name}_FILE`];
    return known.has(name) ? [] : [`${name} is no variable of the service: see docs/configuration.md`];
  });
}

/** The fields of `wanted` that `given` has otherwise; more fields are nobody's concern. */
function differences(
  place: string,
  given: Readonly<Record<string, unknown>> | undefined,
  wanted: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(wanted)
    .filter(([field, value]) => JSON.stringify(given?.[field]) !== JSON.stringify(value))
    .map(([field, value]) => `${place}.${field} is not ${JSON.stringify(value)}`);
}
