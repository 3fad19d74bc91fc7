import { secretNames, variableNames } from '../../src/config/environment.schema.js';
import { environmentOf, podsOf, type Container, type Manifest, type PodSpec } from './manifest.js';

/** What the Dockerfile says `USER`. */
export const IMAGE_USER = 10_001;

/** The image of deploy/backup, where `postgres` has this number. */
const BACKUP_IMAGE = /(?:^|\/)stockroom-database(?:[:@]|$)/;
const BACKUP_USER = 999;
/** What libpq, pgBackRest and the scripts of deploy/backup read. */
const BACKUP_VARIABLE = /^(?:PG[A-Z0-9_]+|DUMP_DIR|DUMP_KEEP_DAYS|STANZA)$/;

/** What an image sets by itself and no schema of ours knows. */
const OTHER_VARIABLES = new Set(['NODE_OPTIONS', 'NODE_ENV']);
/** Read by the SDK of OpenTelemetry itself. */
const TRACING_VARIABLE = /^OTEL_[A-Z_]+$/;

const safePod = (user: number): Readonly<Record<string, unknown>> => ({
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: 'RuntimeDefault' },
});
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
  const pods = podsOf(manifests);
  const secrets = manifests.filter(({ kind }) => kind === 'Secret');
  return [
    ...(pods.length === 0 ? ['There is no Deployment, no Job and no CronJob.'] : []),
    ...secrets.map(
      ({ metadata }) => `Secret ${metadata.name}: secrets are referred to, and stand in no manifest.`,
    ),
    ...pods.flatMap(({ kind, metadata, pod }) =>
      [
        ...unsafePod(pod),
        ...pod.containers.flatMap((container) => [
          ...unsafeContainer(container),
          ...environmentProblems(container, manifests),
        ]),
      ].map((problem) => `${kind} ${metadata.name}: ${problem}`),
    ),
  ];
}

const isBackup = ({ image }: Container): boolean => BACKUP_IMAGE.test(image);

function unsafePod(pod: PodSpec): string[] {
  const user = pod.containers.every(isBackup) ? BACKUP_USER : IMAGE_USER;
  return [
    ...differences('securityContext', pod.securityContext, safePod(user)),
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
  const names = Object.keys(environmentOf(container, manifests));
  return isBackup(container)
    ? names
        .filter((name) => !BACKUP_VARIABLE.test(name) || name.startsWith('PGPASSWORD'))
        .map((name) => `${name} is no variable of a backup, or a secret`)
    : serviceVariableProblems(names);
}

function serviceVariableProblems(names: readonly string[]): string[] {
  const secret = new Set<string>(secretNames);
  const known = new Set([...variableNames, ...secretNames.map((name) => `${name}_FILE`), ...OTHER_VARIABLES]);
  return names.flatMap((name) => {
    if (secret.has(name)) return [`${name} is a secret: mount it, and name its file in ${name}_FILE`];
    return known.has(name) || TRACING_VARIABLE.test(name)
      ? []
      : [`${name} is no variable of the service: see docs/configuration.md`];
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
