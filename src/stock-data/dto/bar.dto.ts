import { z } from 'zod';
import { symbolPath } from '../../bars/symbol.dto.js';

/** An exact price. It is a JSON number on the wire; no binary float stands between it and the database. */
const price = z.number().min(0).meta({ description: 'Exact decimal.' });

/** A 64-bit count: written exactly, and above 2^53 for clients that read it exactly. */
const volume = z.number().min(0).meta({ type: 'integer', format: 'int64', description: 'Shares traded.' });

const members = {
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
const time = {
  date: z.iso.date().optional().meta({ description: 'Trading day, for intervals 1d, 1w and 1mo.' }),
  ts: z.iso.datetime().optional().meta({ description: 'Start of the bar, for every other interval.' }),
};

/** One bar. */
export const barResponse = z.strictObject({ ...time, ...members }).meta({ id: 'Bar' });

/** A bar as a change left it, or as it was before it was withdrawn; `revision` is null for a dry run. */
export const changedBarResponse = z
  .strictObject({ ...time, ...members, revision: z.int().nullable() })
  .meta({ id: 'ChangedBar' });

/** A page of bars. */
export const barPageResponse = z
  .strictObject({
    symbol: z.string(),
    interval: z.string(),
    branch: z.string(),
    revision: z
      .int()
      .meta({ description: 'What `asOf` resolved to: ask with it again and the answer is the same.' }),
    computedFrom: z.enum(['1d', '1m']).optional().meta({ description: 'Absent where bars were stored.' }),
    data: z.array(barResponse),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'BarPage' });

/** Every version of one bar. */
export const barVersionsResponse = z
  .strictObject({
    data: z.array(
      z.strictObject({
        ...time,
        ...members,
        close: price.nullable(),
        withdrawn: z.boolean(),
        validFrom: z.int(),
        validTo: z.int().nullable().meta({ description: 'Null while the version is open.' }),
        branch: z.string(),
        revision: z.strictObject({
          id: z.int(),
          kind: z.string(),
          source: z.string(),
          message: z.string().nullable(),
          authorId: z.uuid().nullable(),
          createdAt: z.iso.datetime(),
        }),
      }),
    ),
    nextCursor: z.null(),
  })
  .meta({ id: 'BarVersions' });

/** `{symbol}/data/{date|ts}` */
export const barPath = symbolPath.extend({ time: z.string().max(40) });
export type BarPath = z.infer<typeof barPath>;
