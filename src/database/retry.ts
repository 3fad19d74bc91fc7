import { setTimeout as sleep } from 'node:timers/promises';
import { isRetryable } from './driver-errors.js';

const MAX_ATTEMPTS = 4;
const MIN_DELAY_MS = 20;
const MAX_DELAY_MS = 200;

/**
 * Runs a whole transaction again when PostgreSQL gave it up for a serialization failure or a deadlock: at most three
 * times more, after 20–200 ms of full jitter.
 *
 * **Errors**: the last one, unchanged. `work` must begin its own transaction each time; retrying a statement inside a
 * transaction that already failed can only fail again.
 */
export async function retryTransaction<T>(work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !isRetryable(error)) throw error;
      await sleep(MIN_DELAY_MS + Math.random() * (MAX_DELAY_MS - MIN_DELAY_MS));
    }
  }
}
