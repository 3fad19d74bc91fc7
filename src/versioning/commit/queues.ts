import type { Queue } from '../../database/turns.js';
import type { RevisionDraft } from '../versioning.types.js';

/**
 * How long the maker of a revision waits in all: first in the queue of the process, then for the commit lock. **Why** that long: two million
 * bars are reverted in less, and whoever sends a change may be told to come again, but should not have to.
 */
const PATIENCE_MS = 120_000;

/** Whoever changes something, and so waits for the commit lock. */
export const COMMITS: Queue = { name: 'commits', patienceMs: PATIENCE_MS };

/** Dry runs of changes wait for no lock, but may take as long as the changes. They keep no change waiting. */
const DRY_RUNS: Queue = { name: 'dry-runs', patienceMs: PATIENCE_MS };

/** Imports stage for minutes before they need the lock. Meanwhile others may have it; imports alone wait for imports. */
const IMPORTS: Queue = { name: 'imports', patienceMs: 900_000 };

/** Where the maker of a revision waits before it takes a connection. */
export function queueOf({ kind, dryRun }: Pick<RevisionDraft, 'kind' | 'dryRun'>): Queue {
  if (kind === 'import') return IMPORTS;
  return dryRun ? DRY_RUNS : COMMITS;
}

/** At the end of a long wait in the queue the lock is still tried for. */
const LEAST_MS = 1_000;

/** Counts how long a commit has waited, from when it is made. */
export class Patience {
  private readonly since = performance.now();
  private left: number | undefined;

  constructor(private readonly queue: Queue) {}

  /**
   * What is left for the lock, as it stood when it was asked for first: when the queue had let the commit in. What it did itself since
   * then, such as comparing, was no waiting. Imports have all of it. **Units**: milliseconds.
   */
  get leftMs(): number {
    const waited = this.queue.name === IMPORTS.name ? 0 : performance.now() - this.since;
    this.left ??= Math.max(Math.round(PATIENCE_MS - waited), LEAST_MS);
    return this.left;
  }
}
