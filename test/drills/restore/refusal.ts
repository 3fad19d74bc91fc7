import { Cluster, type Place } from './cluster.js';
import type { Attempt } from './damage.js';
import type { Comparison } from './ledger.js';
import type { Store } from './store.js';

/**
 * One thing that must be refused. **Shape**: `refused` is whether it was, with the words that were expected; of a control, whether it went
 * wrong as it must without what refuses.
 */
export interface Refusal {
  readonly what: string;
  readonly refused: boolean;
  readonly isControl?: true;
  readonly said: string;
}

/** What the refusals are tried on. **Shape**: `repository` stays as it is; `lost` is a moment that only an abandoned line of time has. */
export interface RefusalInput {
  readonly place: Place;
  readonly repository: string;
  readonly store: Store;
  readonly beforeAll: string;
  readonly afterRestore: string;
  /** A segment between the backup and the end, by its place among all. */
  readonly damagedSegment: number;
  /** A moment of the first timeline, before its last segment, and how many operations were done by then. */
  readonly moment: { readonly at: string; readonly done: number };
  /** How many operations the first timeline has. */
  readonly done: number;
  readonly compare: (cluster: Cluster, done: number) => Promise<Comparison>;
  /** How many operations a store has lost that opened without all of the log. */
  readonly lost: (cluster: Cluster) => Promise<number>;
}

/** A refusal, from what was said: `refused` only when a line of that has the expected words. */
export function refusal(what: string, isRefused: boolean, said: string, pattern: RegExp): Refusal {
  const line = said.split('\n').find((text) => pattern.test(text));
  return {
    what,
    refused: isRefused && line !== undefined,
    said: (line ?? said.slice(-600)).trim().slice(0, 300),
  };
}

/** What `stockroom-backup.sh check` does, without a server. */
export async function verifyRepository(
  place: Place,
  name: string,
  repository: string,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const cluster = await Cluster.prepare(place, name, repository);
  return cluster.script('stockroom-backup.sh', 'verify');
}

/** Why the script does more than pgBackRest: without, such a store opens, and nobody is told what it lacks. */
export async function controlOf({ lost }: RefusalInput, { cluster, opened }: Attempt): Promise<Refusal> {
  const operations = opened ? await lost(cluster) : 0;
  await cluster.remove();
  const said = `it opened without ${operations} operations`;
  return { what: 'by pgBackRest alone that store opens', refused: operations > 0, said, isControl: true };
}
