import { z } from 'zod';
import { barResponse, barTimeMembers } from '../../../bars/bar.dto.js';
import { INTERVALS } from '../../../bars/bar.types.js';
import { symbolInput } from '../../../bars/symbol.dto.js';
import { pageQuery } from '../../../common/pagination.js';
import { asOfQuery } from '../../../versioning/point.types.js';
import { CITATION_STATUSES } from '../citations.types.js';
import { stockDataCitationView } from './citation-view.dto.js';

/** Query of `GET /v1/messages`: what a citation of each message must be of. Several must be true of one citation. */
export const citingMessagesQuery = z
  .strictObject({
    'citation.symbol': symbolInput.optional(),
    'citation.url': z.string().min(1).max(2_048).optional(),
    'citation.documentId': z.string().min(1).max(200).optional(),
    ...pageQuery,
  })
  .refine(
    (query) => ['citation.symbol', 'citation.url', 'citation.documentId'].some((name) => name in query),
    { message: 'must be given, or citation.url, or citation.documentId', path: ['citation.symbol'] },
  );
export type CitingMessagesQuery = z.infer<typeof citingMessagesQuery>;

/** Query of `GET /v1/citations/restated`. */
export const restatedQuery = z.strictObject({
  since: asOfQuery.meta({
    description:
      'A revision number or an instant: only what later revisions restated. From the beginning by default.',
  }),
  ...pageQuery,
});
export type RestatedQuery = z.infer<typeof restatedQuery>;

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

/** A restated citation, and where it stands. */
export const restatedCitationResponse = z
  .strictObject({
    messageId: z.uuid(),
    conversationId: z.uuid(),
    seq: z.int(),
    ordinal: z.int().meta({ description: 'Place among the citations of the message, from 0.' }),
    citation: stockDataCitationView,
  })
  .meta({ id: 'RestatedCitation' });

/** A page of them, by the revision that restated each. */
export const restatedListResponse = z
  .strictObject({ data: z.array(restatedCitationResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'RestatedCitationList' });

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
