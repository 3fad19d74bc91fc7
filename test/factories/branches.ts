import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { bar, csvOf, day } from './bars.js';
import { importCsv, trackStock } from './stocks.js';

let made = 0;

/** A name that no other call of this test file gave. */
export function freshBranchName(): string {
  made++;
  return `what-if.${made}`;
}

/** Forks a branch over HTTP. **Shape**: its name. **Errors**: when the service refuses. */
export async function forkBranch(
  api: ApiClient,
  fork: { readonly name?: string; readonly parent?: string; readonly asOf?: number | string } = {},
): Promise<string> {
  const name = fork.name ?? freshBranchName();
  const answer = await api.post('/v1/branches', { json: { ...fork, name } });
  if (answer.status !== 201) throw new Error(`could not fork ${name}: ${answer.text}`);
  return name;
}

/** Merges a branch over HTTP. */
export async function mergeBranch(
  api: ApiClient,
  name: string,
  body: Readonly<Record<string, unknown>> = {},
  query: Readonly<Record<string, boolean>> = {},
): Promise<ApiAnswer> {
  return api.post(`/v1/branches/${name}/merge`, { json: body, query });
}

/** A stock with a close for each day from the first on, imported to main. **Shape**: the symbol, and the revision of the import. */
export async function stockWith(
  api: ApiClient,
  ...closes: readonly string[]
): Promise<{ symbol: string; revision: number }> {
  const symbol = await trackStock(api);
  const answer = await importCsv(api, symbol, csvOf(closes.map((close, n) => bar(day(n), close))));
  return { symbol, revision: revisionOf(answer) };
}

/** The address of a daily bar, its day counted from the first. */
export function barPath(symbol: string, offset: number): string {
  return `/v1/stocks/${symbol}/data/${day(offset)}`;
}

/** Corrects the close of a bar. */
export async function putClose(
  api: ApiClient,
  at: { readonly symbol: string; readonly day: number; readonly branch?: string },
  close: number | string,
): Promise<ApiAnswer> {
  return api.put(barPath(at.symbol, at.day), { json: { close }, query: { branch: at.branch ?? 'main' } });
}

/** The revision that an answer names. */
export function revisionOf(answer: ApiAnswer): number {
  return (answer.json as { revision: number }).revision;
}

/** The newest revision of all. */
export async function headRevision(api: ApiClient): Promise<number> {
  const { json } = await api.get('/v1/revisions', { query: { limit: 1 } });
  return (json as { data: { id: number }[] }).data[0]?.id ?? 0;
}

/** What a branch shows of a stock, oldest first, as `offset=close`. */
export async function shownCloses(
  api: ApiClient,
  symbol: string,
  at: { readonly branch?: string; readonly asOf?: number } = {},
): Promise<string> {
  const query = { order: 'asc', ...at };
  const { json } = await api.get(`/v1/stocks/${symbol}/data`, { query });
  const offset = (date: string): number => (Date.parse(date) - Date.parse(day(0))) / 86_400_000;
  return (json as { data: { date: string; close: number }[] }).data
    .map(({ date, close }) => `${offset(date)}=${close}`)
    .join(' ');
}
