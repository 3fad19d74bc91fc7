import { z } from 'zod';
import { pageQuery } from '../../common/pagination.js';
import { lineOfText } from '../../common/text.js';
import { USER_ROLES } from '../../users/users.types.js';
import { listedUserResponse } from './user.dto.js';

/** Query of `GET /v1/users`. */
export const listUsersQuery = z.strictObject({
  active: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Only people who are, or are not, active.' }),
  role: z.enum(USER_ROLES).optional(),
  q: lineOfText(254).optional().meta({ description: 'Part of the email or of the username, any case.' }),
  include: z.literal('sessions').optional().meta({ description: 'Embeds live sessions.' }),
  ...pageQuery,
});
export type ListUsersQuery = z.infer<typeof listUsersQuery>;

/** Answer of `GET /v1/users`. */
export const listUsersResponse = z
  .strictObject({ data: z.array(listedUserResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'UserList' });
