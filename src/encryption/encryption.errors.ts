/** The keys cannot be used: none, malformed, repeated. Ends a start or a command. **Shape**: no key material in it. */
export class KeyRingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeyRingError';
  }
}

/** Where an encrypted value stands. **Shape**: `rowId` is the primary key as text, known before the row is written. */
export interface Cell {
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
}

/**
 * A stored value does not decrypt. **Why** one class and one sentence for every cause: whoever plants values in the
 * database must not learn from the answer how far one of them got.
 *
 * **Shape**: names table, column and key id; never the row's content, the clear text or a key.
 */
export class DecryptionError extends Error {
  constructor(
    readonly cell: Cell,
    readonly keyId: string | null,
  ) {
    super(
      `The value in ${cell.table}.${cell.column} cannot be decrypted (key id: ${keyId ?? 'none of ours'}).`,
    );
    this.name = 'DecryptionError';
  }
}

/** A Fernet token does not verify: malformed, another key, altered, or too old; which of them is not said. */
export class FernetTokenError extends Error {
  constructor() {
    super('The Fernet token cannot be read.');
    this.name = 'FernetTokenError';
  }
}
