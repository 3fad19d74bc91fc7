import { KeyRingError } from './encryption.errors.js';

/**
 * How many values one key may encrypt with random nonces before two of them are likely enough to be equal (NIST SP 800-38D,
 * 8.3), and where to start saying so.
 */
export const MAX_VALUES_PER_KEY = 2 ** 32;
export const WARN_VALUES_PER_KEY = 2 ** 31;

/**
 * Counts what is encrypted under each key. The total of all processes stands in the database; what this process added since
 * is kept here until somebody collects it.
 */
export class KeyUsage {
  readonly #totals = new Map<string, number>();
  readonly #added = new Map<string, number>();

  /** Counts one value. **Errors**: `KeyRingError` when the key is used up. */
  count(keyId: string): void {
    const added = (this.#added.get(keyId) ?? 0) + 1;
    if ((this.#totals.get(keyId) ?? 0) + added > MAX_VALUES_PER_KEY) {
      throw new KeyRingError(`The encryption key "${keyId}" is used up. Rotate: stockroom keys rotate`);
    }
    this.#added.set(keyId, added);
  }

  /** What was counted since the last call, by key id. Give it back with {@link restore} if it could not be stored. */
  collect(): ReadonlyMap<string, number> {
    const added = new Map(this.#added);
    this.#added.clear();
    return added;
  }

  /** Takes back what was collected and not stored. */
  restore(collected: ReadonlyMap<string, number>): void {
    for (const [keyId, count] of collected) this.#added.set(keyId, (this.#added.get(keyId) ?? 0) + count);
  }

  /** Notes what all processes together have encrypted. */
  setTotal(keyId: string, total: number): void {
    this.#totals.set(keyId, total);
  }
}
