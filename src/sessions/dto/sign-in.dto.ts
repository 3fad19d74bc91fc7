import { z } from 'zod';

/** Body of `POST /v1/sessions`. No rule for passwords here: what no account has is wrong, not malformed. */
export const signInRequest = z
  .strictObject({
    login: z.string().min(1).max(254).meta({ description: 'Email or username, any case.' }),
    password: z.string().min(1).max(1_024),
  })
  .meta({ id: 'SignIn' });
export type SignInRequest = z.infer<typeof signInRequest>;

/** Answer of `POST /v1/sessions` and of a rotation. */
export const openedSessionResponse = z
  .strictObject({
    id: z.uuid(),
    token: z.string().meta({ description: 'For `Authorization: Bearer`. Shown this once.' }),
    userId: z.uuid(),
    expiresAt: z.iso.datetime().meta({ description: 'The end, however much the session is used.' }),
    idleExpiresAt: z.iso.datetime().meta({ description: 'The end unless the session is used until then.' }),
  })
  .meta({ id: 'OpenedSession' });
export type OpenedSessionResponse = z.infer<typeof openedSessionResponse>;
