import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Settings } from '../config/settings.js';
import { driverErrorFacts, isConnectionLost } from './driver-errors.js';

/** How long the file of a password may be behind the database, or before it. Shorter than a probe waits. **Units**: milliseconds. */
const ROTATION_MS = 700;
const PAUSE_MS = 100;

/**
 * A connection of the pool, tried again for a while where a refusal passes by itself: a suspended server that is waking up, a password
 * that is being rotated. Nothing was sent yet, so nothing can be done twice.
 *
 * **Errors**: the driver's.
 */
export async function connectPatiently(
  pool: Pool,
  { serverless, app, pool: limits }: Pick<Settings['database'], 'serverless' | 'app' | 'pool'>,
): Promise<PoolClient> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await pool.connect();
    } catch (error) {
      const patience = passesBy(error) ?? 0;
      if (performance.now() - startedAt + PAUSE_MS > patience) throw error;
      await sleep(PAUSE_MS);
    }
  }

  /** **Shape**: within how many milliseconds; null for a refusal that does not pass. */
  function passesBy(error: unknown): number | null {
    if (serverless !== null && isConnectionLost(error)) return limits.acquireTimeoutMs;
    if (app?.currentPassword !== undefined && driverErrorFacts(error).code === '28P01') return ROTATION_MS;
    return null;
  }
}
