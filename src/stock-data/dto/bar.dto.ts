import { z } from 'zod';
import { barMembers, barResponse, barTimeMembers, price } from '../../bars/bar.dto.js';
import { consequencesMember } from '../../bars/consequences.dto.js';
import { symbolPath } from '../../bars/symbol.dto.js';

/** A bar as a change left it, or as it was before it was withdrawn; `revision` is null for a dry run. */
export const changedBarResponse = z
  .strictObject({
    ...barTimeMembers,
    ...barMembers,
    revision: z.int().nullable(),
    consequences: consequencesMember,
  })
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
    nextCursor: z.string().nullable().meta({
      description:
        'Null on the last page. A page may have fewer bars than `limit`, or none, while there are more: after hundreds of thousands of withdrawn ones it is answered as it is.',
    }),
  })
  .meta({ id: 'BarPage' });

/** A page of the versions of one bar. */
export const barVersionsResponse = z
  .strictObject({
    data: z.array(
      z.strictObject({
        ...barTimeMembers,
        ...barMembers,
        close: price.nullable(),
        withdrawn: z.boolean(),
        validFrom: z.int(),
        validTo: z.int().nullable().meta({
          description:
            'The revision at which the branch that was asked began to show the next version; null while it shows this one.',
        }),
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
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'BarVersions' });

/** `{symbol}/data/{date|ts}` */
export const barPath = symbolPath.extend({ time: z.string().max(40) });
export type BarPath = z.infer<typeof barPath>;
