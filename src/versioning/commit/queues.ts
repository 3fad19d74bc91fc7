import type { Queue } from '../../database/turns.js';
import type { RevisionDraft } from '../versioning.types.js';

/** As long as the database waits for the commit lock. */
const PATIENCE_MS = 60_000;

/** Whoever changes something, and so waits for the commit lock. */
export const COMMITS: Queue = { name: 'commits', patienceMs: PATIENCE_MS };

/** Dry runs of changes wait for no lock, but may take as long as the changes. They keep no change waiting. */
const DRY_RUNS: Queue = { name: 'dry-runs', patienceMs: PATIENCE_MS };

/** Imports stage for minutes before they need the lock. Meanwhile others may have it; imports alone wait for imports. */
const IMPORTS: Queue = { name: 'imports', patienceMs: 15 * PATIENCE_MS };

/** Where the maker of a revision waits before it takes a connection. */
export function queueOf({ kind, dryRun }: Pick<RevisionDraft, 'kind' | 'dryRun'>): Queue {
  if (kind === 'import') return IMPORTS;
  return dryRun ? DRY_RUNS : COMMITS;
}
