import { z } from 'zod';
import { USER_ROLES } from '../../users/users.types.js';

const user = z.strictObject({
  id: z.uuid(),
  email: z.string(),
  username: z.string(),
  role: z.enum(USER_ROLES),
  isActive: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

/** A person as clients see them. */
export const userResponse = user.meta({ id: 'User' });

/** The same in a list, with live sessions if they were asked for. */
export const listedUserResponse = user
  .extend({
    sessions: z
      .array(
        z.strictObject({
          id: z.uuid(),
          createdAt: z.iso.datetime(),
          lastSeenAt: z.iso.datetime().meta({ description: 'Up to a minute old.' }),
          expiresAt: z.iso.datetime(),
          userAgent: z.string().nullable(),
          ip: z.string().nullable(),
          current: z.boolean().meta({ description: 'Whether it is the session that asks.' }),
        }),
      )
      .optional()
      .meta({ description: 'With `include=sessions`: live ones, newest first, at most 50.' }),
  })
  .meta({ id: 'ListedUser' });

/** Path of one person. */
export const userPath = z.strictObject({ id: z.uuid() });
export type UserPath = z.infer<typeof userPath>;
