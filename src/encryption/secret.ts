import { inspect } from 'node:util';
import type { Cell } from './encryption.errors.js';

/** What a secret is shown as, wherever it is printed. */
export const HIDDEN = '[secret]';

/** Encrypts and decrypts one cell; `EncryptionService` is one. */
export interface CellCodec {
  encrypt(cell: Cell, clear: string): string;
  decrypt(cell: Cell, text: string): string;
}

/** Where a secret stands, and what opens it there. */
interface Place {
  readonly cell: Cell;
  readonly codec: CellCodec;
}

/**
 * The value of an encrypted column: clear text that does not show itself. Printed, logged, inspected or turned into JSON it is
 * `[secret]`; only {@link reveal} gives the text, and decrypts it then, so that a list of rows costs nothing for secrets that
 * nobody looks at.
 */
export class Secret {
  #clear: string | null;
  #stored: string | null;
  #place: Place | null = null;

  private constructor(value: { clear?: string; stored?: string }) {
    this.#clear = value.clear ?? null;
    this.#stored = value.stored ?? null;
  }

  /** A new secret, to be set on a property; the unit of work encrypts it for its row. */
  static of(clear: string): Secret {
    return new Secret({ clear });
  }

  /** What a column holds. It can be opened once it knows its row. */
  static stored(text: string): Secret {
    return new Secret({ stored: text });
  }

  /** The clear text. **Errors**: `DecryptionError`; `Error` for one that was never told its row. */
  reveal(): string {
    if (this.#clear !== null) return this.#clear;
    if (this.#place === null || this.#stored === null)
      throw new Error('This secret does not know its row: load the entity again instead of refreshing it.');
    return this.#place.codec.decrypt(this.#place.cell, this.#stored);
  }

  /** The cipher text. **Errors**: `Error` before it was encrypted: clear text must never reach a statement. */
  get storedText(): string {
    if (this.#stored === null) throw new Error('A secret reached the database before it was encrypted.');
    return this.#stored;
  }

  /** Says where it stands. A value that was read from another row stays bound to that one. */
  bind(place: Place): void {
    this.#place ??= place;
  }

  /** This secret, encrypted for a cell: itself if it stands there already, else a new one. */
  sealedFor(place: Place): Secret {
    if (this.#stored !== null && this.#place === null) {
      this.bind(place);
      // Read, but never told its row: nothing else shows that it was not moved here from another one.
      this.reveal();
    }
    if (this.#stored !== null && this.#place !== null && isSame(this.#place.cell, place.cell)) return this;
    const sealed = Secret.stored(place.codec.encrypt(place.cell, this.reveal()));
    sealed.bind(place);
    return sealed;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

function isSame(one: Cell, other: Cell): boolean {
  return one.table === other.table && one.column === other.column && one.rowId === other.rowId;
}
