import type { ApiAnswer, ApiClient } from './api-client.js';

/** A query of the bars of a stock. */
export type BarsQuery = Readonly<Record<string, string | number>>;

/** A page of bars, as far as tests of computed ones look. */
export interface ShownBars {
  readonly revision: number;
  readonly computedFrom?: string;
  readonly data: readonly { readonly date?: string; readonly ts?: string; readonly close: number }[];
  readonly nextCursor: string | null;
}

/** Where the bars of a stock are read and imported. */
export const barsPath = (symbol: string): string => `/v1/stocks/${symbol}/data`;

/** The body of an answer with bars, or of an import. */
export const shown = (answer: ApiAnswer): ShownBars => answer.json as ShownBars;

/** Reads bars. */
export const readBars = (api: ApiClient, symbol: string, query: BarsQuery): Promise<ApiAnswer> =>
  api.get(barsPath(symbol), { query });

/** What is shown, oldest first, as `time=close`. */
export async function closesOf(api: ApiClient, symbol: string, query: BarsQuery): Promise<string[]> {
  const { data } = shown(await readBars(api, symbol, { order: 'asc', ...query }));
  return data.map(({ date, ts, close }) => `${date ?? ts}=${close}`);
}
