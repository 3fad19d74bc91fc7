import { z } from 'zod';
import { barResponse } from '../../../bars/bar.dto.js';
import { INTERVALS } from '../../../bars/bar.types.js';
import { CITATION_STATUSES, QUOTED_FIELDS } from '../citations.types.js';

const title = z.string().optional();
const snippet = z.string().optional();

const urlCitation = z
  .strictObject({ type: z.literal('url'), url: z.string(), title, snippet })
  .meta({ id: 'UrlCitation' });

const documentCitation = z
  .strictObject({
    type: z.literal('document'),
    documentId: z.string(),
    title,
    page: z.int().optional(),
    snippet,
  })
  .meta({ id: 'DocumentCitation' });

/** A quoted price, and how it stands now. */
export const stockDataCitationView = z
  .strictObject({
    type: z.literal('stock-data'),
    symbol: z.string(),
    date: z.iso.date().optional(),
    ts: z.iso.datetime().optional(),
    interval: z.enum(INTERVALS),
    field: z.enum(QUOTED_FIELDS),
    value: z.number().optional().meta({ description: 'As the client gave it; it was found to be right.' }),
    asOf: z.union([z.int(), z.iso.datetime()]).optional(),
    revision: z.int().meta({ description: 'The revision that brought the quoted version.' }),
    branch: z
      .string()
      .meta({ description: 'Where that version stands: the branch that was read, or an ancestor.' }),
    quoted: barResponse,
    status: z.enum(CITATION_STATUSES),
    current: barResponse.nullable().optional().meta({
      description: 'The bar as that branch has it now; null when it was withdrawn. Absent while current.',
    }),
    restatedBy: z
      .int()
      .optional()
      .meta({ description: 'The revision that ended the quoted version. Absent while current.' }),
    currentRevision: z.int().optional().meta({
      description:
        'The revision that brought what stands there now: the first time the one that ended the quoted version. Absent while current.',
    }),
  })
  .meta({ id: 'StockDataCitation' });

/** One citation as it is shown. */
export const citationView = z
  .discriminatedUnion('type', [urlCitation, documentCitation, stockDataCitationView])
  .meta({ id: 'Citation' });
