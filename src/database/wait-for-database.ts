import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionSettings } from '../config/settings.js';
import { DatabaseSetupError } from './database.errors.js';
import { withConnection } from './direct-connection.js';
import { driverErrorFacts } from './driver-errors.js';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 32_000;
const OLDEST_SERVER = 15;

export interface WaitOptions {
  /** Give up after this long. **Units**: seconds. */
  readonly seconds: number;
  /** Told before each further try. */
  readonly onRetry?: (reason: string, nextDelayMs: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the database takes connections: tries at once, then with doubling pauses of at most 32 s, half of it jitter.
 *
 * **Errors**: `DatabaseSetupError` at once for what waiting does not mend (password, database, server too old), and when time
 * is up.
 */
export async function waitForDatabase(connection: ConnectionSettings, options: WaitOptions): Promise<void> {
  const deadline = performance.now() + options.seconds * 1000;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, MAX_DELAY_MS)) {
    try {
      await withConnection(connection, async (client) => {
        requireServerVersion(
          (await client.query<{ server_version: string }>('show server_version')).rows[0]?.server_version,
        );
      });
      return;
    } catch (error) {
      if (error instanceof DatabaseSetupError) throw error;
      const reason = driverErrorFacts(error).code ?? driverErrorFacts(error).message;
      const left = deadline - performance.now();
      // The last pause is what is left, so that a database that comes late in the time is still found.
      const pause = Math.min(delay / 2 + (Math.random() * delay) / 2, left);
      if (left <= 0) {
        throw new DatabaseSetupError(
          `No database at ${connection.host}:${connection.port} within ${options.seconds} s (${reason}). Check DATABASE_URL, or that the server runs.`,
          { cause: error },
        );
      }
      options.onRetry?.(reason, pause);
      await sleep(pause, undefined, { signal: options.signal });
    }
  }
}

function requireServerVersion(version: string | undefined): void {
  const major = Number.parseInt(version ?? '', 10);
  if (!(major >= OLDEST_SERVER)) {
    throw new DatabaseSetupError(
      `This is PostgreSQL ${version ?? 'of unknown version'}; ${OLDEST_SERVER} or newer is needed.`,
    );
  }
}
