import { z } from 'zod';
import { cursorQuery, limitQuery } from '../../../common/pagination.js';
import { citationView } from '../../citations/dto/citation-view.dto.js';

export const MESSAGE_ROLES = ['user', 'assistant', 'system', 'tool'] as const;

/** A message as clients see it. */
export const messageResponse = z
  .strictObject({
    id: z.uuid(),
    conversationId: z
      .uuid()
      .meta({ description: 'Where it was written: of an inherited one, not the fork.' }),
    seq: z.int().min(1).meta({ description: 'Its place: 1, 2, 3 … without gaps.' }),
    role: z.enum(MESSAGE_ROLES),
    content: z.string().meta({ description: 'Empty once redacted.' }),
    citations: z.array(citationView),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    createdAt: z.iso.datetime(),
    redactedAt: z.iso.datetime().nullable(),
    inherited: z.boolean().meta({ description: 'Shown by a fork, written before it.' }),
  })
  .meta({ id: 'Message' });

/** Answer of `GET /v1/conversations/{id}/messages`. */
export const messageListResponse = z
  .strictObject({ data: z.array(messageResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'MessageList' });

/** Query of `GET /v1/conversations/{id}/messages`. */
export const readMessagesQuery = z.strictObject({
  order: z.enum(['asc', 'desc']).default('asc').meta({ description: 'By `seq`.' }),
  limit: limitQuery({ default: 50, max: 500 }),
  cursor: cursorQuery,
});
export type ReadMessagesQuery = z.infer<typeof readMessagesQuery>;

/** Path of one message. */
export const messagePath = z.strictObject({ id: z.uuid().toLowerCase(), messageId: z.uuid().toLowerCase() });
export type MessagePath = z.infer<typeof messagePath>;
