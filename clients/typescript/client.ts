import createClient, { type Client } from 'openapi-fetch';
import { retryingFetch, type RetryOptions } from './retry.js';
import type { paths } from './schema.js';

export type * from './schema.js';
export { items, nextOfLink } from './pages.js';
export { ok, StockroomError } from './problem.js';

/** Answers are typed as JSON where the service also has another form, such as CSV. */
type Json = `application/${string}json`;

export type StockroomClient = Client<paths, Json>;

export interface StockroomOptions extends Partial<RetryOptions> {
  /** Where the service is, such as `https://stockroom.example.com`. */
  readonly baseUrl: string;
  /** Asked before each request, so that a token may change; null for none. */
  readonly token?: () => string | null;
  /** In the place of the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * A client whose paths, parameters, bodies and answers are those of the OpenAPI document: what the service does not take does not compile.
 *
 * Requests that were refused come back as `error`; {@link ok} makes them a `StockroomError`.
 */
export function createStockroomClient(options: StockroomOptions): StockroomClient {
  const { baseUrl, token, fetch = globalThis.fetch, retries = 3, longestWaitSeconds = 60 } = options;
  const client = createClient<paths, Json>({
    baseUrl,
    fetch: retryingFetch(fetch, { retries, longestWaitSeconds }),
  });
  client.use({
    onRequest: ({ request }) => {
      const value = token?.() ?? null;
      if (value !== null) request.headers.set('authorization', `Bearer ${value}`);
      return request;
    },
  });
  return client;
}
