import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { day } from './bars.js';

/** A stock-data citation as it is shown. */
export interface ShownQuote {
  readonly type: 'stock-data';
  readonly symbol: string;
  readonly revision: number;
  readonly branch: string;
  readonly quoted: { readonly close: number };
  readonly status: 'current' | 'restated' | 'withdrawn';
  readonly current?: { readonly close: number } | null;
  readonly restatedBy?: number;
  readonly currentRevision?: number;
}

/** A message as it is shown, as far as citations go. */
export interface CitingMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly citations: readonly ShownQuote[];
}

/** A conversation over HTTP. **Shape**: its id. **Errors**: when the service refuses. */
export async function openConversation(
  api: ApiClient,
  about: { readonly asOf?: number | string; readonly branch?: string } = {},
): Promise<string> {
  const answer = await api.post('/v1/conversations', { json: about });
  if (answer.status !== 201) throw new Error(`could not open a conversation: ${answer.text}`);
  return (answer.json as { id: string }).id;
}

/** A quotation of a daily bar, its day counted from the first of `stockWith`. */
export function quote(symbol: string, offset: number, more: Readonly<Record<string, unknown>> = {}): object {
  return { type: 'stock-data', symbol, date: day(offset), ...more };
}

/** Adds a message with these citations. */
export async function cite(
  api: ApiClient,
  conversationId: string,
  citations: readonly unknown[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<ApiAnswer> {
  const json = { role: 'assistant', content: 'see the citations', citations, ...more };
  return api.post(`/v1/conversations/${conversationId}/messages`, { json });
}

/** The citations of the newest message of a conversation, as they stand now. */
export async function newestCitations(
  api: ApiClient,
  conversationId: string,
): Promise<readonly ShownQuote[]> {
  const query = { order: 'desc', limit: 1 };
  const answer = await api.get(`/v1/conversations/${conversationId}/messages`, { query });
  return (answer.json as { data: readonly CitingMessage[] }).data[0]?.citations ?? [];
}
