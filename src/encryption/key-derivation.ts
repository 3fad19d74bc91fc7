import { createSecretKey, hkdfSync, pbkdf2, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const pbkdf2Async = promisify(pbkdf2);

export const KEY_BYTES = 32;

/** What a new derived key costs to try: the count that OWASP ASVS 5.0 asks for with PBKDF2-HMAC-SHA256. */
export const PBKDF2_ROUNDS = 600_000;
/** The count of older deployments, below that floor: good for reading what they wrote, never for writing. */
export const LEGACY_PBKDF2_ROUNDS = 480_000;

/** A key from a secret and a salt. Takes about a tenth of a second per 500,000 rounds, on a thread of its own. */
export async function deriveFromSecret(input: {
  secret: string | Uint8Array;
  salt: string | Uint8Array;
  rounds: number;
}): Promise<KeyObject> {
  return createSecretKey(await pbkdf2Async(input.secret, input.salt, input.rounds, KEY_BYTES, 'sha256'));
}

/**
 * The key for one use of a master key (HKDF-SHA256, no salt, 32 bytes). **Why**: a key that encrypts cells must not
 * also sign cursors, so that what one of them gives away says nothing of the other.
 */
export function deriveSubkey(master: KeyObject, label: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', master, '', label, KEY_BYTES)));
}
