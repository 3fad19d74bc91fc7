import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

/** 96 bits: the one length for which GCM takes the nonce as it is. */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

const ALGORITHM = 'aes-256-gcm';
// Without it, Node takes the length of the tag from the tag: 4 bytes were accepted, which is guessed in hours.
const OPTIONS = { authTagLength: TAG_BYTES } as const;

interface Box {
  readonly key: KeyObject;
  readonly nonce: Uint8Array;
  /** Not encrypted, not stored; must be the same to open as it was to seal. */
  readonly associated: Uint8Array;
}

/** Encrypts. **Shape**: ciphertext with the 16-byte tag behind it. A nonce must never be used twice with one key. */
export function seal({ key, nonce, associated }: Box, clear: Uint8Array): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS);
  cipher.setAAD(associated);
  return Buffer.concat([cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Decrypts; null when anything is not as it was sealed. **Why** nothing is handed out in parts: Node gives clear text
 * before the tag is checked.
 */
export function open({ key, nonce, associated }: Box, sealed: Uint8Array): Buffer | null {
  if (nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) return null;
  const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS);
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const clear = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([clear, decipher.final()]);
  } catch {
    clear.fill(0);
    return null;
  }
}
