import { isSampleValue } from './sample-values.js';

/** One key of `ENCRYPTION_KEYS`. **Shape**: `bytes` are exactly 32. */
export interface EncryptionKeyText {
  readonly id: string;
  readonly bytes: Uint8Array;
}

const KEY_BYTES = 32;

/** What to run for a key of one's own. It needs nothing but the Node that runs the service. */
export const KEY_COMMAND = `node -p "require('node:crypto').randomBytes(32).toString('base64')"`;

/**
 * Reads `id:base64,id:base64`; the first key encrypts, the others only decrypt. Both alphabets of base64 are read, with
 * padding or without.
 *
 * **Shape**: the keys in the order given, or a string saying what is wrong, never with any part of a key in it.
 * **Why** not errors: the one caller lists all problems of the environment, the other throws its own.
 */
export function readEncryptionKeys(text: string): readonly EncryptionKeyText[] | string {
  const keys: EncryptionKeyText[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const key = readKey(entry.trim());
    if (typeof key === 'string')
      return `${key} (key ${index + 1} of the list). Make one with: ${KEY_COMMAND}`;
    const same = keys.find((other) => other.id === key.id || sameBytes(other.bytes, key.bytes));
    if (same !== undefined) {
      const what = same.id === key.id ? 'has the id' : 'has the same bytes as the key';
      return `must not repeat itself: key ${index + 1} of the list ${what} "${same.id}"`;
    }
    keys.push(key);
  }
  return keys;
}

function readKey(entry: string): EncryptionKeyText | string {
  const [id = '', encoded, ...rest] = entry.split(':');
  if (encoded === undefined || rest.length > 0) return 'must be a list of id:base64, separated by commas';
  // The id is a field of the stored text, whose separator is a dot, and stands in logs and on the command line.
  if (!/^[a-z0-9](?:[a-z0-9_-]{0,31})$/.test(id)) {
    return 'must give every key an id of 1 to 32 of a-z, 0-9, - and _';
  }
  if (RESERVED_IDS.has(id))
    return `must not use the id "${id}", which is kept for keys derived from APP_SECRET`;
  if (isSampleValue(encoded)) return 'must not be the sample value';
  const bytes = Buffer.from(encoded, 'base64');
  const canonical = encoded.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  // Buffer skips what is no base64; reading back what it kept finds that out.
  if (bytes.toString('base64').replace(/=+$/, '') !== canonical) return 'must hold keys in base64';
  if (bytes.length !== KEY_BYTES) return `must hold keys of ${KEY_BYTES} bytes in base64`;
  if (bytes.every((byte) => byte === bytes[0])) return 'must not be the sample value: all bytes are the same';
  return { id, bytes: new Uint8Array(bytes) };
}

/** Ids of the keys that are derived from `APP_SECRET` and `ENCRYPTION_SALT`; the number is the count of iterations in thousands. */
export const DERIVED_KEY_ID = 'pbkdf2-600k';
/** The count of older deployments: it reads, it never writes. */
export const LEGACY_DERIVED_KEY_ID = 'pbkdf2-480k';
const RESERVED_IDS = new Set([DERIVED_KEY_ID, LEGACY_DERIVED_KEY_ID]);

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
