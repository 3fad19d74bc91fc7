import type { ApiAnswer, ApiClient } from '../support/api-client.js';

let made = 0;

/** A symbol that no other call of this test file gave. */
export function freshSymbol(): string {
  made++;
  return `T${made}`;
}

/** Starts tracking a stock over HTTP. **Shape**: its symbol. **Errors**: when the service refuses. */
export async function trackStock(api: ApiClient, symbol: string = freshSymbol()): Promise<string> {
  const answer = await api.post('/v1/stocks', { json: { symbol } });
  if (answer.status !== 201) throw new Error(`could not track ${symbol}: ${answer.text}`);
  return symbol;
}

/** Imports a CSV for one stock. */
export async function importCsv(
  api: ApiClient,
  symbol: string,
  csv: string,
  query: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  return api.post(`/v1/stocks/${symbol}/data`, { type: 'text/csv', body: csv, query });
}
