import { createSecretKey, type KeyObject } from 'node:crypto';
import { DERIVED_KEY_ID, LEGACY_DERIVED_KEY_ID, readEncryptionKeys } from '../config/encryption-keys.js';
import type { EncryptionSettings } from '../config/settings.js';
import { KeyRingError } from './encryption.errors.js';
import { deriveFromSecret, LEGACY_PBKDF2_ROUNDS, PBKDF2_ROUNDS } from './key-derivation.js';

/** A master key and its name. **Why** a `KeyObject`: it does not print, and leaves the heap's strings alone. */
export interface RingKey {
  readonly id: string;
  readonly master: KeyObject;
}

/** The keys of the service: the primary one encrypts and signs, all of them decrypt and verify. */
export class KeyRing {
  readonly #byId: ReadonlyMap<string, RingKey>;

  private constructor(
    readonly primary: RingKey,
    /** Primary first. */
    readonly all: readonly RingKey[],
  ) {
    this.#byId = new Map(all.map((key) => [key.id, key]));
  }

  /**
   * Reads `ENCRYPTION_KEYS`, derives what `APP_SECRET` and `ENCRYPTION_SALT` give, or both: then the derived keys only
   * read, which is how a deployment moves from one to the other.
   *
   * **Errors**: `KeyRingError`. **Why** async: deriving takes a quarter of a second of a core, which belongs on another thread.
   */
  static async load(settings: EncryptionSettings): Promise<KeyRing> {
    const keys = [...givenKeys(settings.keys), ...(await derivedKeys(settings))];
    const [primary] = keys;
    if (primary === undefined) {
      throw new KeyRingError(
        'There is no encryption key. Set ENCRYPTION_KEYS, or APP_SECRET and ENCRYPTION_SALT.',
      );
    }
    const twin = keys.find((key, index) =>
      keys.slice(0, index).some((other) => other.master.equals(key.master)),
    );
    if (twin !== undefined)
      throw new KeyRingError(`The encryption key "${twin.id}" has the same bytes as another one.`);
    return new KeyRing(primary, keys);
  }

  /** The same keys with that one as the primary. **Errors**: `RangeError` for a key that the ring does not have. */
  writingWith(id: string): KeyRing {
    const key = this.find(id);
    if (key === null) throw new RangeError('The key is not on the ring.');
    return key === this.primary
      ? this
      : new KeyRing(key, [key, ...this.all.filter((other) => other !== key)]);
  }

  /** Ids of all keys, the primary first. */
  get ids(): readonly string[] {
    return this.all.map(({ id }) => id);
  }

  /** The key of that id; null when the ring has none. */
  find(id: string): RingKey | null {
    return this.#byId.get(id) ?? null;
  }
}

function givenKeys(text: string | undefined): RingKey[] {
  if (text === undefined || text === '') return [];
  const keys = readEncryptionKeys(text);
  if (typeof keys === 'string') throw new KeyRingError(`ENCRYPTION_KEYS ${keys}`);
  return keys.map(({ id, bytes }) => ({ id, master: createSecretKey(bytes) }));
}

async function derivedKeys({ appSecret, salt }: EncryptionSettings): Promise<RingKey[]> {
  const hasSecret = appSecret !== undefined && appSecret !== '';
  const hasSalt = salt !== undefined && salt !== '';
  if (!hasSecret && !hasSalt) return [];
  if (!hasSecret || !hasSalt) {
    throw new KeyRingError(
      `${hasSecret ? 'ENCRYPTION_SALT' : 'APP_SECRET'} is missing: one needs the other.`,
    );
  }
  const [current, legacy] = await Promise.all([
    deriveFromSecret({ secret: appSecret, salt, rounds: PBKDF2_ROUNDS }),
    deriveFromSecret({ secret: appSecret, salt, rounds: LEGACY_PBKDF2_ROUNDS }),
  ]);
  return [
    { id: DERIVED_KEY_ID, master: current },
    { id: LEGACY_DERIVED_KEY_ID, master: legacy },
  ];
}
