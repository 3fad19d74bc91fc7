import { z } from 'zod';
import { instant } from '../../../bars/times.dto.js';
import { lineOfText } from '../../../common/text.js';
import { BRANCH_NAME_PATTERN } from '../../../versioning/branches/branch.types.js';
import { asOfMember } from '../../../versioning/points/point.types.js';
import { MAIN_BRANCH } from '../../../versioning/versioning.types.js';
import { clientId, metadataMember } from '../../idempotency/metadata.dto.js';

const title = lineOfText(200).nullable();

/** Body of `POST /v1/conversations`. */
export const createConversationRequest = z
  .strictObject({
    id: clientId.optional(),
    title: title.optional(),
    metadata: metadataMember.nullable().optional(),
    asOf: asOfMember.meta({
      description: 'A revision or an instant that citations are fixed at: anything newer is refused.',
    }),
    branch: z
      .string()
      .regex(BRANCH_NAME_PATTERN, 'must be the name of a branch')
      .default(MAIN_BRANCH)
      .meta({ description: 'The branch that citations are resolved on.' }),
  })
  .meta({ id: 'CreateConversation' });
export type CreateConversationRequest = z.infer<typeof createConversationRequest>;

/** Body of `PATCH /v1/conversations/{id}`: at least one member. */
export const changeConversationRequest = z
  .strictObject({
    title: title.optional(),
    archived: z.boolean().optional(),
    pinned: z.boolean().optional(),
    retainUntil: instant
      .nullable()
      .optional()
      .meta({ description: 'When its messages may be removed, whatever their age; null: as configured.' }),
  })
  .refine((body) => Object.keys(body).length > 0, 'must change something')
  .meta({ id: 'ChangeConversation' });
export type ChangeConversationRequest = z.infer<typeof changeConversationRequest>;

/** Body of `POST /v1/conversations/{id}/forks`. */
export const forkConversationRequest = z
  .strictObject({
    id: clientId.optional(),
    atSeq: z
      .int()
      .min(0)
      .max(2_147_483_647)
      .meta({ description: 'The last message that the fork shows of its parent.' }),
    title: title.optional().meta({ description: 'The parent’s, unless given.' }),
  })
  .meta({ id: 'ForkConversation' });
export type ForkConversationRequest = z.infer<typeof forkConversationRequest>;
