import { z } from 'zod';

/** An exact price. It is a JSON number on the wire; no binary float stands between it and the database. */
export const price = z.number().min(0).meta({ description: 'Exact decimal.' });

/** A 64-bit count: written exactly, and above 2^53 for clients that read it exactly. */
const volume = z.number().min(0).meta({ type: 'integer', format: 'int64', description: 'Shares traded.' });

/** What a bar says. */
export const barMembers = {
  open: price.nullable(),
  high: price.nullable(),
  low: price.nullable(),
  close: price,
  adjClose: price
    .nullable()
    .meta({ description: 'Close adjusted for splits and dividends, as the vendor computed it.' }),
  volume: volume.nullable(),
};

/** The time of a bar: `date` for `1d`, `ts` for every other interval. */
export const barTimeMembers = {
  date: z.iso.date().optional().meta({ description: 'Trading day, for intervals 1d, 1w and 1mo.' }),
  ts: z.iso.datetime().optional().meta({ description: 'Start of the bar, for every other interval.' }),
};

/** One bar. */
export const barResponse = z.strictObject({ ...barTimeMembers, ...barMembers }).meta({ id: 'Bar' });
