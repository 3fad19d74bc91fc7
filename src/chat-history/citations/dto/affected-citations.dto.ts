import { z } from 'zod';
import { barResponse, barTimeMembers } from '../../../bars/bar.dto.js';
import { INTERVALS } from '../../../bars/bar.types.js';
import { pageQuery } from '../../../common/pagination.js';
import { CITATION_STATUSES } from '../citations.types.js';

/** Query of `GET /v1/revisions/{id}/affected-citations`. */
export const affectedQuery = z.strictObject(pageQuery);
export type AffectedQuery = z.infer<typeof affectedQuery>;

/** Path of it. */
export const affectedPath = z.strictObject({
  id: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a revision number')
    .transform(Number)
    .meta({ type: 'integer', pattern: undefined }),
});
export type AffectedPath = z.infer<typeof affectedPath>;

/** What a revision restated. Whose messages these are is not said. */
export const affectedListResponse = z
  .strictObject({
    revision: z.int(),
    count: z.int().meta({ description: 'On all pages.' }),
    data: z.array(
      z.strictObject({
        messageId: z.uuid(),
        ordinal: z.int(),
        symbol: z.string(),
        interval: z.enum(INTERVALS),
        ...barTimeMembers,
        branch: z.string(),
        revision: z.int().meta({ description: 'The revision that brought the quoted version.' }),
        quoted: barResponse,
        status: z.enum(CITATION_STATUSES),
        current: barResponse.nullable(),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'AffectedCitationList' });
