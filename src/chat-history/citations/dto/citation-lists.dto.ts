import { z } from 'zod';
import { symbolInput } from '../../../bars/symbol.dto.js';
import { pageQuery } from '../../../common/pagination.js';
import { asOfQuery } from '../../../versioning/points/point.types.js';
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
