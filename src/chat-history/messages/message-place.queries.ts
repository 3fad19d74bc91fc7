/** Where a message stands among its owner's, which go by the moment they were stored: an id is its client's to make, so in no order. */
export type MessagePlace = readonly [instant: string, id: string];

/** An instant as text with all its digits, to be compared with again. **Shape**: SQL. */
export const moment = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
