import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { fromBase64Url, toBase64Url } from './base64url.js';
import { deriveSubkey } from './key-derivation.js';
import { CurrentKeys } from './current-keys.js';
import type { KeyRing } from './key-ring.js';

/** 128 bits: nobody guesses them, and a cursor stays short. */
const TAG_BYTES = 16;
/** Longer than anything that is signed; refused before any work is done for it. */
const MAX_TOKEN_LENGTH = 8_192;

/**
 * Signs texts that a client carries and must not alter, such as cursors. Not secret: the text can be read by whoever
 * holds the token.
 *
 * **Shape** of a token: `<text>.<tag>`, both in base64url; the tag is HMAC-SHA256, cut to 16 bytes. Each purpose has a
 * key of its own, so that a token made for one means nothing to another.
 */
@Injectable()
export class SignerService {
  #keysByPurpose = new Map<string, readonly KeyObject[]>();
  #ring: KeyRing | null = null;

  constructor(private readonly keys: CurrentKeys) {}

  /** Stands for the keys that sign now. **Why**: a token that is kept to be given out again is to be made anew once this is another object. */
  get keysInForce(): object {
    return this.keys.ring;
  }

  /** A token for the text, which may have about 6,000 bytes. **Why** `purpose` must be a constant of the code: its keys are kept for good. */
  sign(purpose: string, text: string): string {
    if (!text.isWellFormed()) throw new RangeError('A lone surrogate cannot be signed.');
    const [primary] = this.#keys(purpose);
    if (primary === undefined) throw new RangeError('The key ring is empty.');
    const bytes = Buffer.from(text, 'utf8');
    const token = `${toBase64Url(bytes)}.${toBase64Url(tagOf(primary, bytes))}`;
    if (token.length > MAX_TOKEN_LENGTH) throw new RangeError('The text is too long to be signed.');
    return token;
  }

  /** The text of a token that any key of the ring signed for this purpose; null for everything else. */
  verify(purpose: string, token: string): string | null {
    if (token.length > MAX_TOKEN_LENGTH) return null;
    const [payload = '', tagText = '', ...rest] = token.split('.');
    const bytes = fromBase64Url(payload);
    const tag = fromBase64Url(tagText);
    if (rest.length > 0 || bytes === null || tag === null || tag.length !== TAG_BYTES) return null;
    const signed = this.#keys(purpose).some((key) => timingSafeEqual(tagOf(key, bytes), tag));
    return signed ? bytes.toString('utf8') : null;
  }

  /** Deriving a key takes longer than signing with it. */
  #keys(purpose: string): readonly KeyObject[] {
    const { ring } = this.keys;
    if (ring !== this.#ring) this.#keysByPurpose = new Map();
    this.#ring = ring;
    const known = this.#keysByPurpose.get(purpose);
    if (known !== undefined) return known;
    const keys = ring.all.map(({ master }) => deriveSubkey(master, `stockroom/sign/v1/${purpose}`));
    this.#keysByPurpose.set(purpose, keys);
    return keys;
  }
}

function tagOf(key: KeyObject, bytes: Uint8Array): Buffer {
  return createHmac('sha256', key).update(bytes).digest().subarray(0, TAG_BYTES);
}
