import { z } from 'zod';
import { emailInput, passwordInput, usernameInput } from '../../users/account-fields.types.js';
import { USER_ROLES } from '../../users/users.types.js';

/** Body of `PATCH /v1/users/{id}` and of `PATCH /v1/users/me`: at least one member. */
export const updateUserRequest = z
  .strictObject({
    email: emailInput.optional(),
    username: usernameInput.optional(),
    role: z
      .enum(USER_ROLES)
      .optional()
      .meta({ description: 'For an ADMIN, up to their own; nobody raises their own.' }),
    isActive: z.boolean().optional().meta({ description: 'For an ADMIN. False ends every session.' }),
  })
  .refine((body) => Object.keys(body).length > 0, 'must change something')
  .meta({ id: 'UpdateUser' });
export type UpdateUserRequest = z.infer<typeof updateUserRequest>;

/** Query of `DELETE /v1/users/{id}` and of `DELETE /v1/users/me`. */
export const removeUserQuery = z.strictObject({
  erase: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Removes the person for good. Needs a sign-in within five minutes.' }),
});
export type RemoveUserQuery = z.infer<typeof removeUserQuery>;

/** Body of `PUT /v1/users/me/password`. No rule for the current one: what it cannot be is wrong, not malformed. */
export const changePasswordRequest = z
  .strictObject({
    currentPassword: z.string().min(1).max(1_024).meta({ format: 'password' }),
    newPassword: passwordInput,
  })
  .meta({ id: 'ChangePassword' });
export type ChangePasswordRequest = z.infer<typeof changePasswordRequest>;
