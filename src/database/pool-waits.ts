import type { Pool, PoolClient } from 'pg';

/** Told how long a caller waited for a connection. **Units**: milliseconds. */
export type WaitWatcher = (durationMs: number) => void;

type Callback = Parameters<Pool['connect']>[0];

/**
 * Tells `onWait` of each connection that a pool lends, or does not lend in time.
 *
 * **Why** the pool's own method is replaced: it has events for connections and none for who waits for one, and the ORM asks it as
 * well. **Why** an idle connection that nobody was before us for counts as no wait: it is handed over at once.
 */
export function watchPoolWaits(pool: Pool, onWait: WaitWatcher): void {
  const connect = pool.connect.bind(pool);
  function timed(): Promise<PoolClient>;
  function timed(callback: Callback): void;
  function timed(callback?: Callback): Promise<PoolClient> | void {
    if (pool.idleCount > pool.waitingCount) {
      onWait(0);
      return callback === undefined ? connect() : connect(callback);
    }
    const startedAt = performance.now();
    if (callback === undefined) return connect().finally(() => onWait(performance.now() - startedAt));
    connect((...outcome) => {
      onWait(performance.now() - startedAt);
      callback(...outcome);
    });
  }
  pool.connect = timed;
}
