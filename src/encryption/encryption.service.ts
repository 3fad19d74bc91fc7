import { Injectable } from '@nestjs/common';
import { CellCipher, keyIdOf } from './cell-cipher.js';
import { CurrentKeys } from './current-keys.js';
import { EncryptionKeyMissing, EncryptionKeyRetired, type Cell, type KeyFault } from './encryption.errors.js';
import { FernetReader } from './fernet-reader.js';
import type { KeyRing } from './key-ring.js';

/** Encrypts and decrypts single stored values; see `CellCipher` for what they look like. */
@Injectable()
export class EncryptionService {
  #made: { readonly ring: KeyRing; readonly cipher: CellCipher } | null = null;

  constructor(private readonly keys: CurrentKeys) {}

  /** Ids of the keys that are loaded, the primary first. */
  get keyIds(): readonly string[] {
    return this.keys.ring.ids;
  }

  /** What is wrong with the keys, as the database knows them; null: nothing. */
  get fault(): KeyFault | null {
    return this.keys.fault;
  }

  /**
   * The stored text of a value, under the primary key; different each time.
   *
   * **Errors**: `EncryptionKeyRetired`, `EncryptionKeyMissing` while the keys are at fault; `KeyRingError` when that key is used up.
   */
  encrypt(cell: Cell, clear: string): string {
    if (this.keys.fault === 'retired') throw new EncryptionKeyRetired();
    if (this.keys.fault === 'missing') throw new EncryptionKeyMissing();
    this.keys.usage.count(this.keys.ring.primary.id);
    return this.#cipher().encrypt(cell, clear);
  }

  /** The clear text of a stored value. **Errors**: `DecryptionError`. */
  decrypt(cell: Cell, text: string): string {
    return this.#cipher().decrypt(cell, text);
  }

  /**
   * The clear text of a Fernet token that other software wrote under one of these keys, for moving its data over.
   * **Why** apart from `decrypt`: if that took tokens too, whoever writes to the database could put one, bound to nothing,
   * in the place of a bound value. **Errors**: `FernetTokenError`.
   */
  readFernet(token: string): string {
    const reader = new FernetReader(this.keys.ring.all.map(({ master }) => master));
    return reader.read(token).toString('utf8');
  }

  /** Whether a stored value is due for rotation: not under the primary key, or not of our making at all. */
  needsRotation(text: string): boolean {
    return keyIdOf(text) !== this.keys.ring.primary.id;
  }

  /** Deriving the keys of a ring takes longer than encrypting with one of them. */
  #cipher(): CellCipher {
    const { ring } = this.keys;
    if (this.#made?.ring !== ring) this.#made = { ring, cipher: new CellCipher(ring) };
    return this.#made.cipher;
  }
}
