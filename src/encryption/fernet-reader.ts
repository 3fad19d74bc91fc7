import { createDecipheriv, createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { FernetTokenError } from './encryption.errors.js';

/** How old a token may be. **Units**: seconds; `now` since 1970. */
export interface FernetAge {
  readonly ttlSeconds: number;
  readonly nowSeconds: number;
}

const VERSION = 0x80;
const HEADER_BYTES = 1 + 8 + 16;
const MAC_BYTES = 32;
const BLOCK_BYTES = 16;
/** How far ahead of ours the writer's clock may be, as the specification allows. */
const CLOCK_SKEW_SECONDS = 60;

/**
 * Reads Fernet tokens that other software wrote (github.com/fernet/spec).
 *
 * **Why** it cannot write: a Fernet token holds AES-128-CBC, shows when it was made, and has no associated data, so
 * nothing binds it to its place in the database. What it reads is to be written again by `CellCipher`.
 */
export class FernetReader {
  readonly #keys: readonly { readonly signing: Buffer; readonly encryption: Buffer }[];

  /** Each key is 32 bytes: the first half signs, the second encrypts. All are tried, in their order. */
  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys.map((key) => {
      const bytes = key.export();
      if (bytes.length !== 32) throw new RangeError('A Fernet key has 32 bytes.');
      return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) };
    });
  }

  /** The clear bytes of a token; its age counts only if a limit is given. **Errors**: `FernetTokenError`, whatever the cause. */
  read(token: string, age?: FernetAge): Buffer {
    const bytes = decodeToken(token);
    const signed = bytes.subarray(0, bytes.length - MAC_BYTES);
    const mac = bytes.subarray(bytes.length - MAC_BYTES);
    // The mac comes first: padding that is looked at before it would be an oracle.
    const key = this.#keys.find(({ signing }) => timingSafeEqual(macOf(signing, signed), mac));
    if (key === undefined || (age !== undefined && isTooOld(signed.readBigUInt64BE(1), age))) {
      throw new FernetTokenError();
    }
    try {
      const decipher = createDecipheriv('aes-128-cbc', key.encryption, signed.subarray(9, HEADER_BYTES));
      return Buffer.concat([decipher.update(signed.subarray(HEADER_BYTES)), decipher.final()]);
    } catch {
      throw new FernetTokenError();
    }
  }
}

function decodeToken(token: string): Buffer {
  const bytes = Buffer.from(token, 'base64url');
  const length = bytes.length - HEADER_BYTES - MAC_BYTES;
  // Padding is part of the format; reading back also refuses foreign characters, which Buffer skips.
  const canonical = bytes.toString('base64').replace(/\+/g, '-').replace(/\//g, '_');
  if (canonical !== token || bytes[0] !== VERSION || length < BLOCK_BYTES || length % BLOCK_BYTES !== 0) {
    throw new FernetTokenError();
  }
  return bytes;
}

function macOf(signing: Buffer, signed: Buffer): Buffer {
  return createHmac('sha256', signing).update(signed).digest();
}

function isTooOld(writtenSeconds: bigint, { ttlSeconds, nowSeconds }: FernetAge): boolean {
  const written = Number(writtenSeconds);
  return written + ttlSeconds < nowSeconds || written > nowSeconds + CLOCK_SKEW_SECONDS;
}
