import { z } from 'zod';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, passwordFormProblem } from './rules/password-form.js';

const MAX_EMAIL_LENGTH = 254;

/** An email as it is stored: as given, unique in any case. **Units**: at most 254 characters, the most that mail can carry. */
export const emailInput = z
  .email('must be an email address')
  .max(MAX_EMAIL_LENGTH, `must have at most ${MAX_EMAIL_LENGTH} characters`)
  .meta({ example: 'ada@example.com', pattern: undefined });

/** A username as it is stored: as given, unique in any case. It holds no @, so it is never taken for an email. */
export const usernameInput = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{3,32}$/, 'must be 3 to 32 of a-z A-Z 0-9 _ . -')
  .meta({ example: 'ada' });

/** A new password, as far as its form goes; see `commonPasswordProblem` for the rest. */
export const passwordInput = z
  .string()
  .superRefine((password, context) => {
    const problem = passwordFormProblem(password);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ minLength: MIN_PASSWORD_LENGTH, maxLength: MAX_PASSWORD_LENGTH, format: 'password' });

/** What a person gives to get an account. Strict: role and id are not theirs to choose. */
export const newAccount = z.strictObject({
  email: emailInput,
  username: usernameInput,
  password: passwordInput,
});
export type NewAccount = z.infer<typeof newAccount>;
