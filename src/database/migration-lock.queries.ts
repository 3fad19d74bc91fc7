import type { Statement } from './statement.js';

// Any constant does, as long as nothing else of ours uses it; this one spells "stockrm" in bytes.
const MIGRATION_LOCK = '32497669270467949';

/** Tries to become the one that migrates. **Shape**: one row: true if the lock is now held by this session. */
export function tryMigrationLock(): Statement {
  return { name: 'migration_lock_try', text: `select pg_try_advisory_lock(${MIGRATION_LOCK})`, values: [] };
}

/** Gives the lock back. */
export function releaseMigrationLock(): Statement {
  return { name: 'migration_lock_release', text: `select pg_advisory_unlock(${MIGRATION_LOCK})`, values: [] };
}
