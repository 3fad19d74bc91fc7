import { DomainError } from '../common/errors.js';

/** A process looks at its keys every three seconds. **Units**: seconds. */
const RETRY_SECONDS = 5;

/** What is wrong with the keys of a running process: its first one was retired, or it lacks one that others write with. */
export type KeyFault = 'retired' | 'missing';

/** The keys cannot be used: none, malformed, repeated. Ends a start or a command. **Shape**: no key material in it. */
export class KeyRingError extends Error {
  constructor(
    message: string,
    /** What it means for a process that runs already. */
    readonly fault: KeyFault = 'missing',
  ) {
    super(message);
    this.name = 'KeyRingError';
  }
}

/** This process would write under a retired key. Nothing was stored; another process may do it. */
export class EncryptionKeyRetired extends DomainError {
  constructor(cause?: unknown) {
    super(
      'unavailable',
      'encryption-key-retired',
      'This process would encrypt with a retired key. Nothing was stored.',
      { cause, retryAfterSeconds: RETRY_SECONDS },
    );
  }
}

/** This process lacks a key that others write with. **Why** apart from a value that is lost: that one would be stored again. */
export class EncryptionKeyMissing extends DomainError {
  constructor(cause?: unknown) {
    super(
      'unavailable',
      'encryption-key-missing',
      'This process lacks an encryption key that is in use. What is stored is not lost.',
      { cause, retryAfterSeconds: RETRY_SECONDS },
    );
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
    /** The key that the value names and this ring does not have. Not checked: anybody may have written it there. */
    readonly missingKeyId: string | null = null,
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
