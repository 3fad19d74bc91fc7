import type { Interval } from '../../../bars/bar.types.js';
import type { ShownVersion } from '../../../stock-data/quotes/quotes.types.js';
import type { AsOf } from '../../../versioning/versioning.service.js';
import type { CitationRequest, StockDataCitationRequest } from '../dto/citation.dto.js';
import type { QuotedField } from '../citations.types.js';
import { readValue } from './read-value.js';

/** A quotation, ready to be looked up. */
export interface Quotation {
  readonly symbol: string;
  readonly interval: Interval;
  /** RFC 3339 UTC; midnight for a daily bar. */
  readonly ts: string;
  /** The bar's time as a client writes it. */
  readonly time: string;
  readonly field: QuotedField;
  /** What the client says the field is, as canonical decimal text; null when it does not say. */
  readonly value: string | null;
  readonly asOf: AsOf | null;
  /** The citation as JSON text, as the client gave it, with what goes without saying filled in. */
  readonly json: string;
}

/** A citation of stock data, its numbers exact. **Shape**: `value` was checked by the schema. */
export function quotationOf(citation: StockDataCitationRequest): Quotation {
  const { symbol, date, ts, interval = '1d', field, asOf } = citation;
  const value = citation.value === undefined ? null : canonicalValue(field, citation.value);
  const time = date ?? ts?.replace('.000Z', 'Z') ?? '';
  const members = {
    type: 'stock-data',
    symbol,
    ...(date === undefined ? { ts: time } : { date }),
    interval,
    field,
    ...(asOf === undefined ? {} : { asOf: 'revision' in asOf ? asOf.revision : asOf.instant }),
  };
  // The value goes in as text: it may have more digits than a binary float.
  const json = withMembers(JSON.stringify(members), value === null ? [] : [`"value":${value}`]);
  return {
    ...{ symbol, interval, field, value, time, json },
    ts: date === undefined ? time : `${date}T00:00:00Z`,
    asOf: asOf ?? null,
  };
}

/** A value as canonical decimal text. **Errors**: `RangeError` for what the schema lets through to nobody. */
function canonicalValue(field: QuotedField, value: number | string): string {
  const reading = readValue(field, value);
  if ('problem' in reading) throw new RangeError(reading.problem);
  return reading.text;
}

/** A citation of something else as JSON text. */
export function plainCitation(citation: Exclude<CitationRequest, { type: 'stock-data' }>): string {
  return JSON.stringify(citation);
}

/** A quotation with the version that it quotes, as JSON text for `messages.citations`. */
export function pinnedCitation(quotation: Quotation, version: ShownVersion): string {
  const { revision, branch, json } = version;
  return withMembers(quotation.json, [
    `"revision":${revision}`,
    `"branch":${JSON.stringify(branch)}`,
    `"quoted":${json}`,
  ]);
}

/** A pinned citation as it is shown while its version is current, as JSON text. */
export function currentCitation(pinned: string): string {
  return withMembers(pinned, ['"status":"current"']);
}

function withMembers(object: string, members: readonly string[]): string {
  return members.length === 0 ? object : `${object.slice(0, -1)},${members.join(',')}}`;
}
