import { fromBase64Url, toBase64Url } from '../../encryption/base64url.js';
import { generateSecret, isSha256Of, sha256 } from '../../encryption/secrets.js';

const SECRET_BYTES = 32;
/** 16 bytes of id, 32 of secret. Checked before anything is decoded, so that a long text costs nothing. */
const TOKEN_LENGTH = 22 + 1 + 43;
const TOKEN = /^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/;

/** A token taken apart. **Shape**: `id` is the UUID of the session's row. */
export interface SessionToken {
  readonly id: string;
  readonly secret: string;
}

/** A token just made, and what may be stored of it. */
export interface NewToken {
  readonly token: string;
  readonly hash: Buffer;
}

/** What is compared when there is no session: nothing has this digest. */
const NO_HASH = new Uint8Array(32);

/**
 * A new token for a session's row: `<id>.<secret>`, both in base64url, the secret of 256 random bits.
 *
 * **Why** the id is part of it: the row is found by its key, and the secret never meets an index, whose search takes longer the
 * more of it is right.
 */
export function makeToken(id: string): NewToken {
  const secret = generateSecret(SECRET_BYTES);
  const idBytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  return { token: `${toBase64Url(idBytes)}.${secret}`, hash: sha256(secret) };
}

/** The parts of a token, or null for a text that cannot be one. */
export function parseToken(text: string): SessionToken | null {
  if (text.length !== TOKEN_LENGTH || !TOKEN.test(text)) return null;
  const id = fromBase64Url(text.slice(0, 22));
  return id === null ? null : { id: uuidText(id.toString('hex')), secret: text.slice(23) };
}

/**
 * Whether a secret is the one that was stored as `hash`. **Shape**: a null hash, of no session, fits nothing and takes as long.
 *
 * **Why** so careful with hashes: whoever learnt one byte by byte still could not sign in, but it costs nothing to tell nothing.
 */
export function fitsSecret(secret: string, hash: Uint8Array | null): boolean {
  const fits = isSha256Of(hash ?? NO_HASH, secret);
  return fits && hash !== null;
}

function uuidText(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
