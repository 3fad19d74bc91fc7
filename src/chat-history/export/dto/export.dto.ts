import { z } from 'zod';
import { REVISION_KINDS } from '../../../versioning/versioning.types.js';
import { citationView, stockDataCitationView } from '../../citations/dto/citation-view.dto.js';
import { conversationResponse } from '../../conversations/dto/conversation.dto.js';
import { messageResponse } from '../../messages/dto/message.dto.js';
import { EXPORT_FORMAT } from '../export-document.types.js';

const decimal = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .meta({ description: 'Exact; as text, because the canonical form has binary floats.' });

const bar = z
  .strictObject({
    date: z.iso.date().optional(),
    ts: z.iso.datetime().optional(),
    open: decimal.nullable(),
    high: decimal.nullable(),
    low: decimal.nullable(),
    close: decimal,
    adjClose: decimal.nullable(),
    volume: decimal.nullable(),
  })
  .meta({ id: 'ExportedBar' });

const metadata = z.string().nullable().meta({ description: 'JSON text, as it was given.' });

const [urlCitation, documentCitation] = citationView.options;
const quotation = stockDataCitationView
  .extend({ value: decimal.optional(), quoted: bar, current: bar.nullable().optional() })
  .meta({ id: 'ExportedStockDataCitation' });

const revision = z.strictObject({
  id: z.int(),
  branch: z.string(),
  kind: z.enum(REVISION_KINDS),
  source: z.string(),
  message: z.string().nullable(),
  authorId: z.uuid().nullable(),
  createdAt: z.iso.datetime(),
  inserted: z.int(),
  corrected: z.int(),
  withdrawn: z.int(),
});

/** Answer of `GET /v1/conversations/{id}/export`. */
export const exportResponse = z
  .strictObject({
    format: z.literal(EXPORT_FORMAT),
    exportedAt: z.iso.datetime(),
    revision: z.int().meta({ description: 'The newest one of that moment.' }),
    conversation: conversationResponse.extend({ metadata }),
    messages: z.array(
      messageResponse.extend({
        metadata,
        citations: z.array(z.discriminatedUnion('type', [urlCitation, documentCitation, quotation])),
      }),
    ),
    bars: z.array(
      z.strictObject({
        symbol: z.string(),
        interval: z.string(),
        branch: z.string(),
        revision: z.int().meta({ description: 'The revision that brought this version.' }),
        bar,
      }),
    ),
    revisions: z.array(revision),
    digest: z
      .strictObject({
        algorithm: z.literal('SHA-256'),
        canonicalization: z.literal('JCS'),
        value: z.string(),
      })
      .meta({ description: 'Of everything else in the canonical form of RFC 8785, in hex.' }),
  })
  .meta({ id: 'ConversationExport' });
