/** What sort of secret an outside service gave. */
export type CredentialKind = 'api-key' | 'oauth';

/** A stored credential as it is shown: enough to recognise it by, nothing to use it with. */
export interface CredentialView {
  readonly provider: string;
  readonly kind: CredentialKind;
  readonly label: string | null;
  /** Of the API key or the access token; null where four characters would be too much of it. */
  readonly lastFour: string | null;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | null;
  readonly updatedAt: Date;
}

/** A credential in clear. */
export type RevealedCredential =
  | { readonly provider: string; readonly kind: 'api-key'; readonly apiKey: string }
  | {
      readonly provider: string;
      readonly kind: 'oauth';
      readonly accessToken: string;
      readonly refreshToken: string | null;
      readonly expiresAt: Date | null;
      readonly scopes: readonly string[];
    };

/** What is to be stored. **Shape**: each secret has 1 to 8192 bytes of UTF-8. */
export type CredentialContent =
  | { readonly kind: 'api-key'; readonly apiKey: string; readonly label?: string | null | undefined }
  | {
      readonly kind: 'oauth';
      readonly accessToken: string;
      readonly refreshToken?: string | null | undefined;
      readonly expiresAt?: string | null | undefined;
      readonly scopes?: readonly string[] | undefined;
      readonly label?: string | null | undefined;
    };

/** A view and its ETag. */
export interface TaggedCredential {
  readonly credential: CredentialView;
  readonly etag: string;
}
