import { z } from 'zod';
import { pageQuery } from '../../common/pagination.js';
import { USER_ROLES } from '../../users/users.types.js';
import { sessionFields } from '../session-fields.types.js';

/** A session as its owner sees it. */
export const sessionResponse = sessionFields.meta({ id: 'Session' });

/** Answer of `GET /v1/sessions/current`. */
export const currentSessionResponse = sessionFields
  .extend({
    userId: z.uuid().nullable().meta({ description: 'Null for a visitor.' }),
    role: z.enum([...USER_ROLES, 'VISITOR']),
    idleExpiresAt: z.iso.datetime(),
  })
  .meta({ id: 'CurrentSession' });

/** Query of `GET /v1/sessions`. */
export const listSessionsQuery = z.strictObject(pageQuery);
export type ListSessionsQuery = z.infer<typeof listSessionsQuery>;

/** Answer of `GET /v1/sessions`. */
export const sessionListResponse = z
  .strictObject({ data: z.array(sessionResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'SessionList' });

/** Path of one session. */
export const sessionPath = z.strictObject({ id: z.uuid() });
export type SessionPath = z.infer<typeof sessionPath>;
