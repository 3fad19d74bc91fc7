import { z } from 'zod';
import { citationsMember } from '../../citations/dto/citation.dto.js';
import { clientId, metadataMember } from '../../idempotency/metadata.dto.js';
import { MESSAGE_ROLES } from './message.dto.js';

const MAX_CONTENT_BYTES = 64 * 1024;

/** Body of `POST /v1/conversations/{id}/messages`. */
export const appendMessageRequest = z
  .strictObject({
    id: clientId.optional(),
    role: z.enum(MESSAGE_ROLES),
    content: z
      .string()
      .min(1)
      .refine(
        (content) => Buffer.byteLength(content) <= MAX_CONTENT_BYTES,
        `must be at most ${MAX_CONTENT_BYTES} bytes of UTF-8`,
      )
      .meta({ description: 'Kept as it is, at most 64 KiB of UTF-8.' }),
    citations: citationsMember,
    metadata: metadataMember.nullable().optional(),
  })
  .meta({ id: 'AppendMessage' });
export type AppendMessageRequest = z.infer<typeof appendMessageRequest>;
