import { z } from 'zod';
import { pageQuery } from '../../common/pagination.js';
import { USER_ROLES } from '../../users/users.types.js';

const session = z.strictObject({
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().meta({ description: 'Up to a minute old.' }),
  expiresAt: z.iso.datetime(),
  userAgent: z.string().nullable(),
  ip: z.string().nullable(),
  current: z.boolean().meta({ description: 'Whether it is the session that asks.' }),
});

/** A session as its owner sees it. */
export const sessionResponse = session.meta({ id: 'Session' });

/** Answer of `GET /v1/sessions/current`. */
export const currentSessionResponse = session
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
