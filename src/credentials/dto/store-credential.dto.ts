import { z } from 'zod';
import { lineOfText } from '../../common/text.js';

const MAX_SECRET_BYTES = 8_192;
const MAX_SCOPES = 100;

/** A secret as it is: no blank is trimmed, nothing of it appears in a message. */
const secret = z
  .string()
  .min(1, 'must not be empty')
  .refine(
    (text) => Buffer.byteLength(text) <= MAX_SECRET_BYTES,
    `must have at most ${MAX_SECRET_BYTES} bytes`,
  );

const label = lineOfText(200).nullable().optional();

const expiresAt = z.iso
  .datetime({ offset: true, error: 'must be an instant such as 2026-01-31T14:30:00Z' })
  .refine((text) => Date.parse(text) >= 0, 'must not lie before 1970');

/** Body of `PUT /v1/users/me/credentials/{provider}`. */
export const storeCredentialRequest = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('api-key'), apiKey: secret, label }),
    z.strictObject({
      kind: z.literal('oauth'),
      accessToken: secret,
      refreshToken: secret.nullable().optional(),
      expiresAt: expiresAt.nullable().optional(),
      scopes: z.array(lineOfText(200)).max(MAX_SCOPES).optional(),
      label,
    }),
  ])
  .meta({ id: 'StoreCredential' });
export type StoreCredentialRequest = z.infer<typeof storeCredentialRequest>;
