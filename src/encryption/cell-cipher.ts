import { randomBytes, type KeyObject } from 'node:crypto';
import { NONCE_BYTES, open, seal } from './aes-gcm.js';
import { fromBase64Url, toBase64Url } from './base64url.js';
import { DecryptionError, type Cell } from './encryption.errors.js';
import { deriveSubkey } from './key-derivation.js';
import type { KeyRing } from './key-ring.js';

const VERSION = 'v1';
const KEY_LABEL = 'stockroom/cell/v1';

/**
 * Encrypts single values of single columns with AES-256-GCM.
 *
 * **Shape** of the stored text: `v1.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url. Version, key id,
 * table, column and row id are associated data: a value moved to another place does not decrypt there.
 * **Why** random nonces: several processes write, and share no counter. That is safe for 2^32 values under one key
 * (NIST SP 800-38D, 8.3); rotate before.
 */
export class CellCipher {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #primaryId: string;

  constructor(ring: KeyRing) {
    this.#keys = new Map(ring.all.map(({ id, master }) => [id, deriveSubkey(master, KEY_LABEL)]));
    this.#primaryId = ring.primary.id;
  }

  /** The stored text of a value. **Errors**: `RangeError` for a cell without a name or text that UTF-8 cannot hold. */
  encrypt(cell: Cell, clear: string): string {
    // UTF-8 has no lone surrogates: they would come back as other characters.
    if (!clear.isWellFormed()) throw new RangeError('A lone surrogate cannot be encrypted.');
    const keyId = this.#primaryId;
    const nonce = randomBytes(NONCE_BYTES);
    const box = { key: this.#key(keyId), nonce, associated: associatedData(cell, keyId) };
    const sealed = seal(box, Buffer.from(clear, 'utf8'));
    return `${VERSION}.${keyId}.${toBase64Url(nonce)}.${toBase64Url(sealed)}`;
  }

  /** The clear text of a stored value. **Errors**: `DecryptionError`, whatever the cause. */
  decrypt(cell: Cell, text: string): string {
    const [version, keyId = '', nonceText = '', sealedText = '', ...rest] = text.split('.');
    const key = this.#keys.get(keyId);
    if (key === undefined) throw new DecryptionError(cell, null, keyIdOf(text));
    const nonce = fromBase64Url(nonceText);
    const sealed = fromBase64Url(sealedText);
    if (version !== VERSION || rest.length > 0 || nonce === null || sealed === null) {
      throw new DecryptionError(cell, keyId);
    }
    const clear = open({ key, nonce, associated: associatedData(cell, keyId) }, sealed);
    if (clear === null) throw new DecryptionError(cell, keyId);
    return clear.toString('utf8');
  }

  #key(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (key === undefined) throw new RangeError('The primary key is not on the ring.');
    return key;
  }
}

/**
 * The key id that a stored text names, without decrypting it; null for text of another shape. Good for counting what is
 * left under a key, and for nothing that needs to be true.
 */
export function keyIdOf(text: string): string | null {
  return /^v1\.([a-z0-9][a-z0-9_-]{0,31})\.[\w-]{16}\.[\w-]{22,}$/.exec(text)?.[1] ?? null;
}

/**
 * Each part with its length before it. **Why**: with a separator, `("a", "b.c")` and `("a.b", "c")` would be one place.
 */
function associatedData(cell: Cell, keyId: string): Buffer {
  const place = [cell.table, cell.column, cell.rowId];
  if (place.some((part) => part === '' || !part.isWellFormed())) {
    throw new RangeError('An encrypted value needs a table, a column and a row id.');
  }
  const parts = [VERSION, keyId, ...place].flatMap((part) => {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}
