/**
 * Bodies that PostgreSQL has written already. A page of bars is 10 kB of text; parsing and printing it again would cost
 * more than the query.
 */

/** The media type of everything but errors, streams and CSV. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/** A list: items as JSON text each, and the cursor. */
export function listText(items: readonly string[], nextCursor: string | null): string {
  return `{"data":[${items.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;
}

/** `JSON` as the engine has it; the compiler's library does not know these parts yet. */
const exact = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): value is RawNumber;
};

/** A number that is printed as it was written. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** Whether a value is a number as {@link exactJson} keeps it; what merely looks like one is not. */
export function isRawNumber(value: unknown): value is RawNumber {
  return exact.isRawJSON(value);
}

/** JSON text as a value whose numbers are printed again as they were written: none passes through a binary float. */
export function exactJson(text: string): unknown {
  return exact.parse(text, (_, value, { source }) =>
    typeof value === 'number' ? exact.rawJSON(source) : value,
  );
}
