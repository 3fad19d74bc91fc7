/** Bytes as base64url without padding (RFC 4648, section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * The bytes of a base64url text, or null when it is not the one text that these bytes have.
 *
 * **Why** so strict: `Buffer` skips foreign characters and unused bits, so that many texts give the same bytes; a value
 * altered there would still pass as unaltered.
 */
export function fromBase64Url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}
