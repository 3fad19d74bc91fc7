import { z } from 'zod';
import { pageQuery } from '../../common/pagination.js';

/** The provider's name in the path. */
export const credentialPath = z.object({
  provider: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9_.-]{0,63}$/,
      'must be 1 to 64 of a-z 0-9 _ . -, beginning with a letter or digit',
    ),
});
export type CredentialPath = z.infer<typeof credentialPath>;

export const listCredentialsQuery = z.strictObject(pageQuery);
export type ListCredentialsQuery = z.infer<typeof listCredentialsQuery>;

const instant = z.iso.datetime();

/** A stored credential, masked. */
export const credentialResponse = z
  .strictObject({
    provider: z.string(),
    kind: z.enum(['api-key', 'oauth']),
    label: z.string().nullable(),
    lastFour: z
      .string()
      .nullable()
      .meta({ description: 'Of the API key or access token; null for one shorter than 12 characters.' }),
    scopes: z.array(z.string()),
    expiresAt: instant.nullable(),
    updatedAt: instant,
  })
  .meta({ id: 'Credential' });

export const credentialListResponse = z
  .strictObject({ data: z.array(credentialResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'CredentialList' });

/** A credential in clear. */
export const revealedCredentialResponse = z
  .discriminatedUnion('kind', [
    z.strictObject({ provider: z.string(), kind: z.literal('api-key'), apiKey: z.string() }),
    z.strictObject({
      provider: z.string(),
      kind: z.literal('oauth'),
      accessToken: z.string(),
      refreshToken: z.string().nullable(),
      expiresAt: instant.nullable(),
      scopes: z.array(z.string()),
    }),
  ])
  .meta({ id: 'RevealedCredential' });
