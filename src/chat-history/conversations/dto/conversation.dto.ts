import { z } from 'zod';
import { pageQuery } from '../../../common/pagination.js';

/** A conversation as clients see it. */
export const conversationResponse = z
  .strictObject({
    id: z.uuid(),
    title: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    asOf: z.int().nullable().meta({ description: 'The revision that its citations are fixed at.' }),
    branch: z.string().meta({ description: 'The branch that its citations are resolved on.' }),
    parentId: z.uuid().nullable().meta({ description: 'Of a fork: what it was forked off.' }),
    forkSeq: z.int().nullable().meta({ description: 'Of a fork: the last `seq` that it inherited.' }),
    archived: z.boolean(),
    pinned: z.boolean().meta({ description: 'Never removed because of its age.' }),
    retainUntil: z.iso.datetime().nullable(),
    lastSeq: z.int().meta({ description: 'Of the newest message; what `If-Match` of an append names.' }),
    lastActivityAt: z.iso.datetime(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Conversation' });

/** Answer of `GET /v1/conversations`. */
export const conversationListResponse = z
  .strictObject({ data: z.array(conversationResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'ConversationList' });

const flag = (description: string) => z.enum(['true', 'false']).optional().meta({ description });

/** Query of `GET /v1/conversations`. */
export const listConversationsQuery = z.strictObject({
  archived: flag('Only conversations that are, or are not, archived.'),
  pinned: flag('Only conversations that are, or are not, pinned.'),
  ...pageQuery,
});
export type ListConversationsQuery = z.infer<typeof listConversationsQuery>;

/** Path of one conversation. */
export const conversationPath = z.strictObject({ id: z.uuid().toLowerCase() });
export type ConversationPath = z.infer<typeof conversationPath>;
