import { retryAfterSeconds } from './problem.js';

export interface RetryOptions {
  /** Attempts after the first one. */
  readonly retries: number;
  /** A longer `Retry-After` is left to the caller. **Units**: seconds. */
  readonly longestWaitSeconds: number;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * `fetch` that waits as long as `Retry-After` says, and asks again.
 *
 * **Why** a 503 is repeated for reads only: whether a write was committed before the answer was lost is unknown. A 429 was not looked
 * at, whatever it is.
 */
export function retryingFetch(
  fetch: typeof globalThis.fetch,
  { retries, longestWaitSeconds }: RetryOptions,
): (request: Request) => Promise<Response> {
  return async (request) => {
    for (let attempt = 0; ; attempt += 1) {
      const last = attempt >= retries;
      // A body can be read once; the copy is for the attempt after this one.
      const response = await fetch(last ? request : request.clone());
      const seconds = retryAfterSeconds(response);
      const harmless =
        response.status === 429 || (response.status === 503 && SAFE_METHODS.has(request.method));
      if (last || !harmless || seconds === null || seconds > longestWaitSeconds) return response;
      await response.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  };
}
