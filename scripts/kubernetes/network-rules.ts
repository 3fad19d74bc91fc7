import type { Manifest, NetworkPolicy } from './manifest.js';

/** What pods talk to, by the policy that is for them. */
const NEEDED: Readonly<Record<string, readonly number[]>> = {
  stockroom: [53, 5432],
  'stockroom-migration': [53, 5432],
  // The server, the pgBackRest beside it, and the object store.
  'stockroom-backup': [53, 5432, 8432, 443],
};

/**
 * What pods need and no policy lets out, which an overlay's patch is quick to do.
 *
 * **Shape**: one sentence for each problem; empty when there is none.
 */
export function networkProblems(manifests: readonly Manifest[]): string[] {
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy') as NetworkPolicy[];
  return policies.flatMap((policy) => {
    const needed = NEEDED[policy.metadata.name] ?? [];
    const open = (policy.spec.egress ?? []).flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    return needed
      .filter((port) => !open.includes(port))
      .map((port) => `NetworkPolicy ${policy.metadata.name}: port ${port} is needed and not let out`);
  });
}
