import { z } from 'zod';
import { newAccount } from '../../users/account-fields.types.js';
import { userResponse } from './user.dto.js';

/** Body of `POST /v1/users`. */
export const registerRequest = newAccount.meta({ id: 'Register' });
export type RegisterRequest = z.infer<typeof registerRequest>;

/** Query of `POST /v1/users`. */
export const registerQuery = z.strictObject({
  session: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Whether to sign in as well, in the same transaction.' }),
});
export type RegisterQuery = z.infer<typeof registerQuery>;

const registeredWithSession = z
  .strictObject({
    user: userResponse,
    session: z.strictObject({
      id: z.uuid(),
      token: z.string().meta({ description: 'For `Authorization: Bearer`. Shown this once.' }),
      expiresAt: z.iso.datetime(),
    }),
  })
  .meta({ id: 'RegisteredWithSession' });

/** Answer of `POST /v1/users`: the person, or with `session=true` the person and their session. */
export const registerResponse = z.union([userResponse, registeredWithSession]);
export type RegisterResponse = z.infer<typeof registerResponse>;
