import { Secret } from '../encryption/secret.js';
import type { CredentialContent, CredentialView, RevealedCredential } from './credentials.types.js';
import type { MaskedCredential } from './credential.repository.js';
import type { ExternalCredential } from './external-credential.entity.js';

/** Shorter secrets show nothing of themselves: four characters would be a third of them or more. */
const MIN_LENGTH_FOR_LAST_FOUR = 12;

/** What is shown of a stored credential. */
export function viewOf(credential: MaskedCredential): CredentialView {
  const { provider, kind, label, lastFour, scopes, expiresAt, updatedAt } = credential;
  return {
    ...{ provider, kind, scopes, updatedAt },
    ...{ label: label ?? null, lastFour: lastFour ?? null, expiresAt: expiresAt ?? null },
  };
}

/** Puts content in place of all that a credential held. */
export function fill(credential: ExternalCredential, content: CredentialContent): void {
  const oauth = content.kind === 'oauth' ? content : null;
  const apiKey = content.kind === 'api-key' ? content.apiKey : null;
  credential.kind = content.kind;
  credential.apiKey = secret(apiKey);
  credential.accessToken = secret(oauth?.accessToken);
  credential.refreshToken = secret(oauth?.refreshToken);
  credential.label = content.label ?? null;
  credential.lastFour = lastFourOf(apiKey ?? oauth?.accessToken ?? '');
  credential.scopes = [...(oauth?.scopes ?? [])];
  credential.expiresAt = typeof oauth?.expiresAt === 'string' ? new Date(oauth.expiresAt) : null;
}

/** A credential in clear. **Errors**: `DecryptionError`. */
export function reveal({ provider, kind, ...stored }: ExternalCredential): RevealedCredential {
  if (kind === 'api-key') return { provider, kind, apiKey: stored.apiKey?.reveal() ?? '' };
  return {
    ...{ provider, kind, scopes: stored.scopes, expiresAt: stored.expiresAt ?? null },
    accessToken: stored.accessToken?.reveal() ?? '',
    refreshToken: stored.refreshToken?.reveal() ?? null,
  };
}

function secret(clear: string | null | undefined): Secret | null {
  return typeof clear === 'string' ? Secret.of(clear) : null;
}

function lastFourOf(clear: string): string | null {
  const characters = [...clear];
  return characters.length < MIN_LENGTH_FOR_LAST_FOUR ? null : characters.slice(-4).join('');
}
