import { z } from 'zod';
import { INTERVALS } from '../../../bars/bar.types.js';
import { symbolInput } from '../../../bars/symbol.dto.js';
import { instant, tradingDay } from '../../../bars/times.dto.js';
import { lineOfText } from '../../../common/text.js';
import { asOfMember } from '../../../versioning/points/point.types.js';
import { QUOTED_FIELDS } from '../citations.types.js';
import { readValue } from '../pin/read-value.js';
import { webAddress } from './web-address.dto.js';

export const MAX_CITATIONS = 50;

const title = lineOfText(500).optional();
const snippet = z.string().min(1).max(4_000).optional();

const urlCitation = z
  .strictObject({ type: z.literal('url'), url: webAddress, title, snippet })
  .meta({ id: 'UrlCitationInput' });

const documentCitation = z
  .strictObject({
    type: z.literal('document'),
    documentId: lineOfText(200),
    title,
    page: z.int().min(1).max(1_000_000).optional(),
    snippet,
  })
  .meta({ id: 'DocumentCitationInput' });

const stockDataCitation = z
  .strictObject({
    type: z.literal('stock-data'),
    symbol: symbolInput,
    date: tradingDay.optional().meta({ description: 'Trading day, for interval 1d.' }),
    ts: instant.optional().meta({ description: 'Start of the bar, for every other interval.' }),
    interval: z.enum(INTERVALS).optional().meta({ description: 'Needed with `ts`.' }),
    field: z.enum(QUOTED_FIELDS).default('close').meta({ description: 'What of the bar is quoted.' }),
    value: z
      .union([z.number(), z.string().max(64)])
      .optional()
      .meta({ description: 'What the field is said to be, a number or a decimal string; compared exactly.' }),
    asOf: asOfMember.meta({
      description:
        'The revision, or the instant, that the bar was read at; now, or what the conversation is fixed at.',
    }),
  })
  .superRefine(({ date, ts, interval, field, value }, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if ((date === undefined) === (ts === undefined)) issue('date', 'must be given, or else ts, and not both');
    else if (ts !== undefined && interval === undefined) issue('interval', 'must be given with ts');
    else if (ts !== undefined && interval === '1d') issue('ts', 'must be a date for interval 1d');
    else if (date !== undefined && (interval ?? '1d') !== '1d')
      issue('date', `must be ts for interval ${interval}`);
    const reading = value === undefined ? null : readValue(field, value);
    if (reading !== null && 'problem' in reading) issue('value', reading.problem);
  })
  .meta({ id: 'StockDataCitationInput' });

/** One citation as a client gives it. */
export const citationRequest = z
  .discriminatedUnion('type', [urlCitation, documentCitation, stockDataCitation])
  .meta({ id: 'CitationInput' });
export type CitationRequest = z.infer<typeof citationRequest>;
export type StockDataCitationRequest = z.infer<typeof stockDataCitation>;

/** `citations` of a new message. */
export const citationsMember = z.array(citationRequest).max(MAX_CITATIONS).default([]);
