import { isRawNumber } from '../../common/json-text.js';
import type { ExportedBar } from './export-document.types.js';

type Json = Readonly<Record<string, unknown>>;

/** Members whose numbers may have more digits than a binary float. */
const DECIMALS = new Set(['open', 'high', 'low', 'close', 'adjClose', 'volume', 'value']);

/**
 * A conversation or message, read with exact numbers, as an export holds it: prices and volumes as decimal strings, metadata as the
 * JSON text that it is, because nobody but its maker knows what its numbers mean.
 */
export function portable(read: unknown): Json {
  const { metadata, ...rest } = read as Json;
  const text = metadata === null || metadata === undefined ? null : JSON.stringify(metadata);
  return { ...(withDecimals(rest) as Json), metadata: text };
}

function withDecimals(value: unknown, name = ''): unknown {
  if (isRawNumber(value)) return DECIMALS.has(name) ? value.rawJSON : Number(value.rawJSON);
  if (Array.isArray(value)) return value.map((item) => withDecimals(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withDecimals(member, key)]));
}

/** The citation of a bar, as {@link portable} leaves it. */
interface Quotation {
  readonly type: 'stock-data';
  readonly symbol: string;
  readonly interval: string;
  readonly branch: string;
  readonly revision: number;
  readonly restatedBy?: number;
  readonly currentRevision?: number;
  readonly quoted: ExportedBar['bar'];
}

/** What the messages of an export quote. **Shape**: each version once, in the order of its first quotation; numbers of revisions. */
export function quotedIn(messages: readonly Json[]): {
  bars: readonly ExportedBar[];
  revisions: readonly number[];
} {
  const bars = new Map<string, ExportedBar>();
  const revisions = new Set<number>();
  for (const { citations } of messages) {
    for (const citation of citations as readonly (Quotation | { readonly type: 'url' | 'document' })[]) {
      if (citation.type !== 'stock-data') continue;
      const { symbol, interval, branch, revision, restatedBy, currentRevision, quoted: bar } = citation;
      const key = JSON.stringify([symbol, interval, bar['date'] ?? bar['ts'], branch, revision]);
      if (!bars.has(key)) bars.set(key, { symbol, interval, branch, revision, bar });
      for (const number of [revision, restatedBy, currentRevision])
        if (number !== undefined) revisions.add(number);
    }
  }
  return { bars: [...bars.values()], revisions: [...revisions] };
}
