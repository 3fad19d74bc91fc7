import { z } from 'zod';
import { pageQuery } from '../../../common/pagination.js';

/** Longer than any question; a whole text is not a query. */
const MAX_QUERY_LENGTH = 1_000;

/** Query of `GET /v1/messages/search`. */
export const searchQuery = z.strictObject({
  q: z.string().trim().min(1).max(MAX_QUERY_LENGTH).meta({
    description:
      'Words that must all occur, as on the web: `"a phrase"`, `or`, and `-` for what must not. Never a syntax error; without any word that counts, nothing is found.',
  }),
  ...pageQuery,
});
export type SearchQuery = z.infer<typeof searchQuery>;

/** Answer of a search. */
export const foundMessagesResponse = z
  .strictObject({
    data: z.array(
      z.strictObject({
        id: z.uuid(),
        conversationId: z.uuid(),
        conversationTitle: z.string().nullable(),
        seq: z.int(),
        role: z.enum(['user', 'assistant', 'system', 'tool']),
        createdAt: z.iso.datetime(),
        rank: z.number().meta({
          description:
            'Higher is better; comparable within one search only; 0 for all when the query has very many words.',
        }),
        snippet: z.string().meta({
          description:
            'HTML: parts of the content, escaped, with `<mark>` around what matches, and no other tag.',
        }),
      }),
    ),
    nextCursor: z.string().nullable().meta({
      description:
        'Of a page that is short, or empty, too: a request looks through a bounded part, newest first.',
    }),
  })
  .meta({ id: 'FoundMessages' });
