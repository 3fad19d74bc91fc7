import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readEncryptionKeys } from '../config/encryption-keys.js';
import { generateSecret, isSha256Of, sha256 } from './secrets.js';

describe('a generated secret', () => {
  it('has the bytes asked for and is never the same', () => {
    const secrets = new Set(Array.from({ length: 2000 }, () => generateSecret(32)));
    expect(secrets.size).toBe(2000);
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    }
  });

  it('of 32 bytes is a key as the configuration takes it', () => {
    expect(readEncryptionKeys(`k1:${generateSecret(32)}`)).toHaveLength(1);
  });

  it.each([0, 15, 15.5, -1, Number.NaN])('is refused with %d bytes', (bytes) => {
    expect(() => generateSecret(bytes)).toThrow(RangeError);
  });
});

describe('sha256', () => {
  it('gives the published answer (FIPS 180-4, example "abc")', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256('abc').toString('hex')).toBe(abc);
    expect(sha256(Buffer.from('abc')).toString('hex')).toBe(abc);
  });
});

describe('the comparison of secrets', () => {
  it('says what === says, for any lengths', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(isSha256Of(sha256(one), other)).toBe(one === other);
        expect(isSha256Of(sha256(one), one)).toBe(true);
      }),
    );
  });
});
