import { z } from 'zod';
import { sessionFields } from '../../sessions/session-fields.types.js';
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
      .array(sessionFields)
      .optional()
      .meta({ description: 'With `include=sessions`: live ones, newest first, at most 50.' }),
  })
  .meta({ id: 'ListedUser' });

/** Path of one person. */
export const userPath = z.strictObject({ id: z.uuid() });
export type UserPath = z.infer<typeof userPath>;
