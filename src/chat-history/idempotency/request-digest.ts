import { isRawNumber } from '../../common/json-text.js';
import { sha256 } from '../../encryption/secrets.js';

/**
 * A fingerprint of what a client asked for, by which the same request is known again. **Shape**: 32 bytes; the order of members does
 * not matter, and one that is undefined counts as absent.
 */
export function requestDigest(request: object): Buffer {
  return sha256(JSON.stringify(sorted(request)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]: [string, unknown]) => [name, sorted(member)]));
}
