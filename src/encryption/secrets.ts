import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Less than 128 bits is not a secret. */
const MIN_BYTES = 16;

/** A new secret from the system's random source. **Shape**: base64url of `bytes` bytes (at least 16), without padding. */
export function generateSecret(bytes: number): string {
  if (!Number.isInteger(bytes) || bytes < MIN_BYTES)
    throw new RangeError(`A secret has at least ${MIN_BYTES} bytes.`);
  return randomBytes(bytes).toString('base64url');
}

/** SHA-256 of bytes, or of text as UTF-8. For fingerprints and for random tokens; never for passwords, which it guesses fast. */
export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/**
 * Whether a digest of 32 bytes is the SHA-256 of a text, in a time that does not depend on where they differ.
 *
 * **Errors**: `RangeError` for a digest of another length.
 */
export function isSha256Of(digest: Uint8Array, text: string): boolean {
  return timingSafeEqual(digest, sha256(text));
}
