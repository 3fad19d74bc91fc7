import { deriveSubkey } from './key-derivation.js';
import type { RingKey } from './key-ring.js';

const LABEL = 'stockroom/key-check/v1';
/** 128 bits: two keys never share it by chance. */
const CHECK_BYTES = 16;

/**
 * What tells a key from another one that was given the same id, without telling the key: derived from it in one direction, like
 * every key for one use. **Shape**: 22 characters of base64url.
 */
export function keyCheckValue({ master }: RingKey): string {
  return deriveSubkey(master, LABEL).export().subarray(0, CHECK_BYTES).toString('base64url');
}
